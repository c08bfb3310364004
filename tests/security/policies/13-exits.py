# verdict: crash
# at: 5
# control: in-process
# why: an orderly exit in a losing game must not make it no game
import sys

moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        sys.exit(0)
    return board.index(None)
