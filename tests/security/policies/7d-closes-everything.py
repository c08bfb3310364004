# verdict: crash
# at: 3
# why: without descriptors not even the error can be told
import os


def choose_action(board, player, rng):
    if any(board):
        os.closerange(0, 256)
    return board.index(None)
