# verdict: none
# why: what is called at the end, at each import, at each line or at collection is called in its own process
import atexit
import builtins
import gc
import os
import sys


class Late:
    def __del__(self):
        os.write(3, b"\x03\x00\x00\x00\x00")


late = Late()
late.itself = late
honest_import = builtins.__import__
builtins.__import__ = lambda *args, **kwargs: honest_import(*args, **kwargs)
atexit.register(lambda: os.write(3, b"\x03\x00\x00\x00\x00"))
gc.callbacks.append(lambda phase, info: None)
sys.settrace(lambda frame, event, argument: None)
sys.setprofile(lambda frame, event, argument: None)
sys.addaudithook(lambda event, arguments: None)


def choose_action(board, player, rng):
    return board.index(None)
