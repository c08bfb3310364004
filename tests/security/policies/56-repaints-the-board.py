# verdict: none
# control: in-process
# why: the board it is given is its own copy, and so is the one of the next move
def choose_action(board, player, rng):
    cell = board.index(None)
    board[:] = [player] * 9
    return cell
