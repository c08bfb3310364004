# verdict: crash
# at: 3
# why: hanging up is no answer, and the game does not wait for one
import gc
import os

from sameseed.recording.frames import Link

link = next(each for each in gc.get_objects() if isinstance(each, Link))


def choose_action(board, player, rng):
    if any(board):
        os.close(link.fd)
        os._exit(0)
    return board.index(None)
