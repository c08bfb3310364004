"""Tries to write into the outer wall's tree, where the parents of the root lead to it."""

import errno
import os

LEFT = "/../opt/sameseed/left-behind"

try:
    with open(LEFT, "w") as file:
        file.write("#")
    # The next one that tries has another id, and could not write what is here.
    os.remove(LEFT)
    answer(True, "written")
except OSError as error:
    answer(False, errno.errorcode[error.errno])
