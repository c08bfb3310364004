# verdict: wall_limit
# seat: O
# at: 2
# clocks: moveWallMs=1500
# why: the side that waits must not be blamed for the one that stalls
import signal


def choose_action(board, player, rng):
    signal.pause()
