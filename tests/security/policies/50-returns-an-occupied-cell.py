# verdict: illegal_action
# at: 3
# control: in-process
# why: the opponent's cell is taken, whatever the policy's own board says
def choose_action(board, player, rng):
    taken = [cell for cell in range(9) if board[cell]]
    if taken:
        board[taken[-1]] = None
        return taken[-1]
    return board.index(None)
