"""Reads a file of the image that belongs to the host's root and to nobody else."""

import errno

try:
    with open("/opt/root-only") as file:
        answer(True, file.read())
except OSError as error:
    answer(False, errno.errorcode[error.errno])
