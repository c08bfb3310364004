# verdict: crash
# at: 1
# why: native code that dies takes its own process only
import ctypes


def choose_action(board, player, rng):
    ctypes.string_at(0)
    return board.index(None)
