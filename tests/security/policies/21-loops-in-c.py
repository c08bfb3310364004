# verdict: cpu_limit
# at: 5
# clocks: moveCpuMs=200
# why: a loop inside one call of C never comes back to the interpreter, which therefore cannot be what ends it
moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        sum(range(1 << 60))
    return board.index(None)
