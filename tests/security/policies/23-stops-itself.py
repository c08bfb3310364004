# verdict: wall_limit
# at: 1
# mode: restart
# clocks: moveWallMs=1500
# why: a stopped process answers nothing and counts no time
import os
import signal


def choose_action(board, player, rng):
    os.kill(os.getpid(), signal.SIGSTOP)
    return board.index(None)
