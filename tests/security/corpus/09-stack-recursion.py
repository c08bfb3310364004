# runs-as: script
# limits: memoryMb=32
# expects: recursion: MemoryError|RecursionError|SystemError
# why: recursion without an end is a program's own trouble, with no answer but an exception
import sys

from kit import attempt


def deeper(n):
    return deeper(n + 1)


sys.setrecursionlimit(10**9)
attempt("recursion", lambda: deeper(0))
