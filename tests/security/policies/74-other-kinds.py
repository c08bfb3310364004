# verdict: protocol_error
# at: 1
# says: another type
# why: the referee's own frames, sent back to it
import os

from sameseed.recording import frames

HEAD = frames._LINK_HEAD
honest_send = frames.Link.send


def forge(link, kind, sequence, payload):
    for other in (frames.STEP, frames.HELLO, 77):
        honest_send(link, other, sequence, payload)


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        forge(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
