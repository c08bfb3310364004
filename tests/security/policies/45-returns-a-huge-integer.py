# verdict: illegal_action
# at: 1
# why: a number whose text takes longer to make than the game
def choose_action(board, player, rng):
    return 10**100_000
