"""Makes a file of 2^60 bytes that holds nothing."""

import errno
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    os.truncate(os.open("/tmp/great", os.O_CREAT | os.O_RDWR), 1 << 60)
    answer(True, "made")
except OSError as error:
    answer(False, errno.errorcode[error.errno])
