# verdict: illegal_action
# at: 1
# why: a value that does something when it is looked at
def choose_action(board, player, rng):
    return (cell for cell in range(9))
