# verdict: memory_limit
# at: 5
# limits: memoryMb=64
# why: a heap that grows without end is ended at the seat's limit
moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    hoard = []
    while moves == 3:
        hoard.append(bytearray(b"x" * (1 << 20)))
    return board.index(None)
