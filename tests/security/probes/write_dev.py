"""Tries to leave a file among the devices."""

import errno

try:
    open("/dev/left-behind", "w").close()
    answer(True, "a file in /dev")
except OSError as error:
    answer(False, errno.errorcode[error.errno])
