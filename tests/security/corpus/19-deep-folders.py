# runs-as: script
# limits: memoryMb=256
# expects: made: 3000
# expects: long path: ENAMETOOLONG
# why: a tree deeper than any path is long must be gone with its sandbox like any other
import os

from kit import attempt, say

made = 0
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
    made += 1
say("made", made)
attempt("long path", lambda: os.stat("/tmp/" + "d/" * 3000))
