# verdict: protocol_error
# at: 3
# says: sequence
# why: the second copy of an answer is not the answer to the next question
import os

from sameseed.recording import frames

HEAD = frames._LINK_HEAD
honest_send = frames.Link.send


def forge(link, kind, sequence, payload):
    honest_send(link, kind, sequence, payload)
    honest_send(link, kind, sequence, payload)


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        forge(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
