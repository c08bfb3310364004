# verdict: protocol_error
# at: 5
# why: answers to questions that were not asked yet; each may count once at most, and then one is left over
import os

from sameseed.recording import frames
from sameseed.recording.canonical import encode

HEAD = frames._LINK_HEAD
honest_send = frames.Link.send
ahead = 0


def forge(link, kind, sequence, payload):
    honest_send(link, kind, sequence, payload)
    if sequence == 1:
        honest_send(link, kind, 2, encode(ahead))


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        forge(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    global ahead
    cell = board.index(None)
    ahead = cell + 1
    return cell
