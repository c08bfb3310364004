# verdict: no_policy
# at: 1
# says: does not compile
# why: text that is no Python must be told apart from a policy that plays badly
def choose_action(board, player, rng)
    return board.index(None)
