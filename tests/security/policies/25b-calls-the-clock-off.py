# verdict: cpu_limit
# at: 3
# says: used up
# clocks: moveCpuMs=200 bankCpuMs=600 moveWallMs=60000
# why: the function that sets the clock of a move is in the policy's process, and can be called or replaced there
from sameseed.policy import seat_host


def choose_action(board, player, rng):
    if any(board):
        seat_host.move_clock(0)
        while True:
            pass
    return board.index(None)
