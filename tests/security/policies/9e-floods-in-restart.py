# verdict: output_limit
# at: 1
# mode: restart
# limits: outputBytes=1048576
# why: what a move's process prints goes on to the host, and counts
import os


def choose_action(board, player, rng):
    while True:
        os.write(1, b"flood\n" * 4096)
