# verdict: wall_limit
# at: 1
# limits: wallMs=6000
# clocks: moveWallMs=900
# world: host
# why: each byte comes in time, and all of them together never do
import os
import time

from sameseed.recording import frames

HEAD = frames._LINK_HEAD


def drip(link, kind, sequence, payload):
    head = HEAD.pack(60_000, kind, b"\0\0\0", sequence, link.nonce)
    for byte in head + payload * 60_000:
        os.write(link.fd, bytes([byte]))
        time.sleep(0.3)


honest_send = frames.Link.send


def send(link, kind, sequence, payload):
    if kind == frames.ACTION:
        drip(link, kind, sequence, payload)
    else:
        honest_send(link, kind, sequence, payload)


frames.Link.send = send


def choose_action(board, player, rng):
    return board.index(None)
