# verdict: output_limit
# at: 1
# limits: outputBytes=1048576
# why: the stream after the standard three is counted like them
import os


def choose_action(board, player, rng):
    while True:
        os.write(3, b"flood\n" * 4096)
