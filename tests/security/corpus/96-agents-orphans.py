# runs-as: command
# limits: processes=64
# machine: x86_64
# expects: made: 40
# expects: end: exit 7
# why: a child can be made its maker's sibling, and so one of the agent's that it never started; its end must not pass for the command's
import os

from kit import say
from raw import call_kernel

CLONE, CLONE_PARENT, SIGCHLD = 56, 0x8000, 17
made = 0
for number in range(40):
    child = call_kernel(CLONE, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        os._exit(number)
    made += child > 0
say("made", made)
os._exit(7)
