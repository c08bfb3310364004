# verdict: crash
# seat: O
# at: 4
# says: second
# why: the fault is the seat's that made it; here the other one
def choose_action(board, player, rng):
    if board.count("O") == 1:
        raise ValueError("second")
    return board.index(None)
