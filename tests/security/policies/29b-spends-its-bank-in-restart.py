# verdict: cpu_limit
# at: 5
# says: used up
# mode: restart
# clocks: bankCpuMs=700 moveCpuMs=30000 moveWallMs=60000
# world: host
# why: moves that are each within their clock, and together are not; the bank counts processes that are gone
import time


def choose_action(board, player, rng):
    # The third move alone would be within the bank too, had the first two cost nothing.
    end = time.process_time() + (0.6 if sum(mark is not None for mark in board) >= 4 else 0.25)
    while time.process_time() < end:
        pass
    return board.index(None)
