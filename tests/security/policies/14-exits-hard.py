# verdict: crash
# at: 5
# control: in-process
# why: leaving without a word, and with the status of success, is still leaving
import os

moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        os._exit(0)
    return board.index(None)
