"""Tries to write into what it shares with its siblings: a library's source, a new file beside it."""

import errno
import glob

seen = []
for path in (glob.glob("/opt/python/lib/python3*/random.py")[0], "/opt/sameseed/new.py"):
    try:
        with open(path, "ab") as file:
            file.write(b"#")
        seen.append("written")
    except OSError as error:
        seen.append(errno.errorcode[error.errno])
answer("written" in seen, seen)
