# verdict: output_limit
# at: 1
# limits: outputBytes=1048576
# why: what a policy prints is counted, so that it cannot fill the host's memory
import os


def choose_action(board, player, rng):
    while True:
        os.write(2, b"flood\n" * 4096)
