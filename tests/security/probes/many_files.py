"""Opens more files than it may have open."""

import errno
import os
import resource

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
except OSError:
    pass  # the wall lets nobody set limits
opened = 0
try:
    for opened in range(1000):
        os.open("/dev/null", 0)
except OSError as error:
    answer(False, f"{opened} files, then {errno.errorcode[error.errno]}")
else:
    answer(True, f"{opened + 1} files")
