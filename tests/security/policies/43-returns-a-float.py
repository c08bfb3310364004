# verdict: illegal_action
# at: 1
# why: a float is not a cell, even where it is whole
def choose_action(board, player, rng):
    return 0.0
