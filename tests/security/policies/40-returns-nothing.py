# verdict: illegal_action
# at: 1
# why: a function that forgets its return
def choose_action(board, player, rng):
    return None
