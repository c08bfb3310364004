# verdict: cpu_limit
# at: 5
# clocks: moveCpuMs=200
# why: the clock of one move ends an endless loop
moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    while moves == 3:
        pass
    return board.index(None)
