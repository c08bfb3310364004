# runs-as: script
# limits: processes=24
# expects: own pipes: 4096..65536
# why: pages of pipes are counted for a user of the machine: one that is shared leaves every other sandbox's pipes small
import fcntl
import os

from kit import say, stay
from raw import wait_really

GET_SIZE, HELPERS, PIPES = 1032, 16, 120
for _ in range(HELPERS):
    if os.fork() == 0:
        held = [os.pipe() for _ in range(PIPES)]
        stay()
# Long enough for a neighbour to begin and end meanwhile.
wait_really(0.8)
say("own pipes", fcntl.fcntl(os.pipe()[1], GET_SIZE))
