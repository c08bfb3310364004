# verdict: illegal_action
# at: 1
# why: a digit is not a number
def choose_action(board, player, rng):
    return "4"
