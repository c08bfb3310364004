# verdict: cpu_limit
# at: 3
# needs: groups
# clocks: bankCpuMs=600 moveWallMs=60000
# why: time that children use is the seat's time
import os
import signal


def choose_action(board, player, rng):
    if any(board):
        for _ in range(3):
            if os.fork() == 0:
                while True:
                    pass
        signal.pause()
    return board.index(None)
