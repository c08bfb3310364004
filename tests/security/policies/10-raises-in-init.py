# verdict: crash
# at: 1
# says: no seat for me
# why: what is called once before the game is called under the same rules
def init(seat, rng):
    raise ValueError("no seat for me")


def choose_action(board, player, rng):
    return board.index(None)
