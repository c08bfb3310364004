# verdict: sometimes crash
# games: 24
# says: turned
# why: a policy that turns by its own chance turns in the same games again, and the others do not notice
def choose_action(board, player, rng):
    if not any(board) and rng.random() < 0.25:
        raise RuntimeError("turned")
    return board.index(None)
