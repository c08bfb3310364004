# verdict: illegal_action
# seat: O
# at: 2
# why: the cell that was just taken
def choose_action(board, player, rng):
    return board.index("X")
