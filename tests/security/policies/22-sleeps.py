# verdict: wall_limit
# at: 5
# clocks: moveWallMs=1500
# why: a policy that waits uses no CPU time; the wall backstop ends it
import signal

moves = 0


def choose_action(board, player, rng):
    global moves
    moves += 1
    if moves == 3:
        signal.pause()
    return board.index(None)
