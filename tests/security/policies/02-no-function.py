# verdict: no_policy
# at: 1
# says: choose_action
# why: a file without the function has nothing that could be asked
def choose(board, player, rng):
    return board.index(None)
