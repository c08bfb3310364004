"""Connects to an abstract socket that a program of the host listens on."""

import errno
import socket

try:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(b"\0" + PARAMS["name"].encode())
    answer(True, "connected")
except OSError as error:
    answer(False, errno.errorcode[error.errno])
