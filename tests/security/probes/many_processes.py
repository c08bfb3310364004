"""Makes more processes than it may have."""

import errno
import os

made = 1
try:
    while made < 80:
        if os.fork() == 0:
            wait_really(60)
            os._exit(0)
        made += 1
except OSError as error:
    answer(False, f"{made} processes, then {errno.errorcode[error.errno]}")
else:
    answer(True, f"{made} processes")
