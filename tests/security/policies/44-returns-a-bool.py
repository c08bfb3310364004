# verdict: illegal_action
# at: 1
# why: Python counts False as 0; the referee does not
def choose_action(board, player, rng):
    return False
