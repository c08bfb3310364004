# verdict: illegal_action
# at: 1
# why: a value nested deeper than a reader's stack must not reach one
def choose_action(board, player, rng):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
