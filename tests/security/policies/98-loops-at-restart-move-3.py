# verdict: cpu_limit
# at: 5
# mode: restart
# clocks: moveCpuMs=200
# why: each fresh process has the clock of its move
def choose_action(board, player, rng):
    while sum(mark is not None for mark in board) == 4:
        pass
    return board.index(None)
