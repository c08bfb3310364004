"""What is said where an environment failed at a file that a sandbox does not have, or that nobody may write there."""

from __future__ import annotations

import errno
import os
import sys

from ..world import sealed
from .failures import behind

KERNEL = "a sandbox has no /proc and no /sys"
READ_ONLY = (
    "the image is read-only, and a sandbox writes below /tmp alone; where the package can be told another folder, name one "
    "there, or import a copy of it below /tmp, as docs/guide/environments.md shows"
)
UNSEALED = (
    "the sealed world starts no program that is statically linked or of another C library; "
    'ask for the host\'s: world: "host", or --world host'
)


def file_hint(error: BaseException) -> str:
    """One sentence where an exception, or one behind it, is explained by the files of a sandbox; else nothing."""
    for seen in behind(error):
        if isinstance(seen, OSError):
            name = seen.filename if type(seen.filename) is str else ""
            path = os.path.normpath(name)
            if seen.errno == errno.ENOENT and path.startswith(("/proc/", "/sys/")):
                return KERNEL
            if seen.errno == errno.EACCES and _was_to_start(path):
                return UNSEALED
            # What is installed belongs to nobody in the sandbox: of an existing file that is said first.
            if seen.errno == errno.EROFS or (seen.errno == errno.EACCES and path.startswith(sys.prefix + "/")):
                return READ_ONLY
    return ""


def _was_to_start(path: str) -> bool:
    """Whether this is a program that may be run, in a world that starts not every one."""
    return sealed.name() != "host" and os.path.isfile(path) and os.access(path, os.R_OK | os.X_OK)
