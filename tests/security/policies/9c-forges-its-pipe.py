# verdict: crash
# at: 1
# mode: restart
# why: what a move's process hands to the one that started it is looked at like any other stranger's bytes
import os


def choose_action(board, player, rng):
    os.write(3, (9).to_bytes(4, "little") + b"\x02" + b"\xff" * 8)
    os._exit(0)
