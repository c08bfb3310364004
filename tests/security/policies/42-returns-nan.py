# verdict: illegal_action
# at: 1
# why: a number that is not equal to itself
def choose_action(board, player, rng):
    return float("nan")
