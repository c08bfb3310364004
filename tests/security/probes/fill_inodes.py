"""Makes more files than a file system of its own may hold."""

import errno
import os

made = 0
try:
    for made in range(PARAMS["files"]):
        os.close(os.open(f"{PARAMS['folder']}/{made}", os.O_CREAT))
except OSError as error:
    answer(False, f"{made} files, then {errno.errorcode[error.errno]}")
else:
    answer(True, f"{made + 1} files")
