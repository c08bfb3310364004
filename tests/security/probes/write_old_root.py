"""Tries to write into the outer wall's tree, where the parents of the root lead to it."""

import errno

try:
    with open("/../opt/sameseed/left-behind", "w") as file:
        file.write("#")
    answer(True, "written")
except OSError as error:
    answer(False, errno.errorcode[error.errno])
