# runs-as: script
# limits: processes=16
# expects: clone: EAGAIN after 15
# expects: vfork: EAGAIN after 0
# control: clone, vfork
# why: the limit must hold for every call that makes a process, not only for fork
import os
import signal

from kit import call, until_refused

SIGCHLD = 17


def clone():
    if call("clone", SIGCHLD, 0, 0, 0, 0) == 0:
        signal.pause()


until_refused("clone", clone, 200)
until_refused("vfork", lambda: os.posix_spawnp("sleep", ["sleep", "60"], {"PATH": "/usr/bin:/bin"}), 20)
