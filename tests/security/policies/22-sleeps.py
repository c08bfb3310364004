# verdict: wall_limit
# at: 5
# clocks: moveWallMs=1500
# why: a policy that waits uses no CPU time; the wall backstop ends it
import time

moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        time.sleep(600)
    return board.index(None)
