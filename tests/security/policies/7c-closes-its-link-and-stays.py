# verdict: crash
# at: 3
# why: whoever hangs up and stays alive has left the game too
import os
import signal


def choose_action(board, player, rng):
    if any(board):
        os.closerange(0, 256)
        while True:
            signal.pause()
    return board.index(None)
