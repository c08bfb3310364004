"""Runs a program out of /dev/shm."""

import errno
import os
import shutil

shutil.copy("/bin/true" if os.path.exists("/bin/true") else "/usr/bin/true", "/dev/shm/true")
os.chmod("/dev/shm/true", 0o755)
child = os.fork()
if child == 0:
    try:
        os.execv("/dev/shm/true", ["true"])
    except OSError as error:
        os._exit(error.errno)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
answer(status == 0, "executed" if status == 0 else errno.errorcode[status])
