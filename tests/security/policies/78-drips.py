# verdict: none
# clocks: moveWallMs=20000
# why: an answer that comes byte by byte is an answer; how bytes arrive must not decide anything
import os

from sameseed.recording import frames

HEAD = frames._LINK_HEAD
honest_send = frames.Link.send


def forge(link, kind, sequence, payload):
    for byte in HEAD.pack(len(payload), kind, b"\0\0\0", sequence, link.nonce) + payload:
        os.write(link.fd, bytes([byte]))


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        forge(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
