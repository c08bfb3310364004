# verdict: illegal_action
# at: 1
# why: a cell in a box is not a cell
def choose_action(board, player, rng):
    return [0]
