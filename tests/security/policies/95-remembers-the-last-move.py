# verdict: none
# mode: restart
# why: where each move starts anew, module variables do too
import random
import sys

moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves > 1 or hasattr(random, "left") or hasattr(sys, "left"):
        raise RuntimeError("got through: it remembers")
    random.left = sys.left = True
    random.seed(0)
    return board.index(None)
