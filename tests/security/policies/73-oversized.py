# verdict: protocol_error
# at: 1
# says: longer
# why: a length that nobody would read to the end
import os

from sameseed.recording import frames

HEAD = frames._LINK_HEAD
honest_send = frames.Link.send


def forge(link, kind, sequence, payload):
    os.write(link.fd, HEAD.pack(0xFFFFFFFF, kind, b"\0\0\0", sequence, link.nonce) + payload)


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        forge(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
