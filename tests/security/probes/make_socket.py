"""Makes a socket."""

import errno
import socket

try:
    socket.socket(PARAMS["family"], socket.SOCK_STREAM).close()
    answer(True, "made")
except OSError as error:
    answer(False, errno.errorcode[error.errno])
