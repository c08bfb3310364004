# verdict: crash
# at: 5
# mode: restart
# says: third
# why: a fresh process can fail at the third move too, which the board tells it
def choose_action(board, player, rng):
    if sum(mark is not None for mark in board) == 4:
        raise ValueError("third")
    return board.index(None)
