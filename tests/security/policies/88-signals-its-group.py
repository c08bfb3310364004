# verdict: crash
# at: 1
# mode: restart
# why: a move that ends its own process group ends itself, and not the game's keeper
import os
import signal


def choose_action(board, player, rng):
    os.kill(0, signal.SIGKILL)
    return board.index(None)
