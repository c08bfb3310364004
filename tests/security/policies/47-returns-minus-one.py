# verdict: illegal_action
# at: 1
# why: Python counts from the end; the referee does not
def choose_action(board, player, rng):
    return -1
