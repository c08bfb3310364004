# verdict: crash
# at: 5
# says: remembers
# why: the other way round: in keep mode the same counter does go on, so that the row above can fail
moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        raise RuntimeError("remembers")
    return board.index(None)
