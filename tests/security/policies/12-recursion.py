# verdict: crash
# at: 1
# says: recursion
# why: a stack without end is ended by the interpreter, and told
def choose_action(board, player, rng):
    return choose_action(board, player, rng)
