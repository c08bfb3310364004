# verdict: memory_limit
# at: 1
# limits: memoryMb=64
# why: an allocation that cannot be is refused at once, and that is the same limit
def choose_action(board, player, rng):
    bytes(1 << 46)
    return board.index(None)
