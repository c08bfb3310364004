# verdict: crash
# at: 3
# why: a process that ends itself by a signal has no traceback, and still a verdict
import os


def choose_action(board, player, rng):
    if any(board):
        os.abort()
    return board.index(None)
