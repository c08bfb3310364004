"""Tries to write into what it shares with its siblings: a library's source, a new file beside it."""

import errno
import glob
import os

NEW = "/opt/sameseed/new.py"

seen = []
for path in (glob.glob("/opt/python/lib/python3*/random.py")[0], NEW):
    try:
        with open(path, "ab") as file:
            file.write(b"#")
        if path == NEW:
            # The next one that tries has another id, and could not write what is here.
            os.remove(path)
        seen.append("written")
    except OSError as error:
        seen.append(errno.errorcode[error.errno])
answer("written" in seen, seen)
