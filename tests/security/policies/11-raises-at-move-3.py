# verdict: crash
# at: 5
# says: third
# why: an exception in the middle of a game ends that game and nothing else
moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        raise ValueError("third")
    return board.index(None)
