# runs-as: script
# expects: end: exit 7
# why: a program without streams can still end, and says so by its status alone
import os

for fd in (0, 1, 2, 3):
    os.close(fd)
os._exit(7)
