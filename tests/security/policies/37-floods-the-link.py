# verdict: protocol_error
# at: 1
# why: bytes without end on the link are not an answer, and only as many are read as a header has
import gc
import os

from sameseed.recording.frames import Link

link = next(each for each in gc.get_objects() if isinstance(each, Link))


def choose_action(board, player, rng):
    while True:
        os.write(link.fd, b"\xff" * 65536)
