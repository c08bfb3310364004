# verdict: illegal_action
# at: 1
# why: an answer longer than the link takes is refused where it is made
def choose_action(board, player, rng):
    return b"x" * (1 << 20)
