# verdict: illegal_action
# at: 1
# why: one beyond the board
def choose_action(board, player, rng):
    return 9
