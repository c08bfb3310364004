# runs-as: command
# limits: wallMs=8000
# expects: parent: leaves
# why: a daemon that keeps the streams open must not keep the caller waiting
import os
import time

from kit import say

if os.fork() == 0:
    os.setsid()
    time.sleep(86_400)
say("parent", "leaves")
