# verdict: none
# clocks: moveCpuMs=2000 bankCpuMs=20000
# why: the clocks must let pass what is within them, or every verdict of theirs would be worth nothing
def choose_action(board, player, rng):
    for _ in range(200_000):
        pass
    return board.index(None)
