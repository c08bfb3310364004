"""Crashes after asking for core files of any size."""

import os
import resource

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
except OSError:
    pass  # the wall lets nobody set limits
child = os.fork()
if child == 0:
    os.abort()
status = os.waitpid(child, 0)[1]
answer(os.WCOREDUMP(status), f"status {status:#x}")
