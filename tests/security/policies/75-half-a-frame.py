# verdict: wall_limit
# at: 1
# clocks: moveWallMs=1500
# why: whoever begins an answer and never ends it must not hold the referee
import os

from sameseed.recording import frames

HEAD = frames._LINK_HEAD
honest_send = frames.Link.send


def forge(link, kind, sequence, payload):
    os.write(link.fd, HEAD.pack(len(payload), kind, b"\0\0\0", sequence, link.nonce)[:11])
    while True:
        os.read(link.fd, 1)


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        forge(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
