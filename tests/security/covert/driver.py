"""Runs one end of a channel in step with the other: the host says whose turn it is, and tells the writer its bit.

What the host lends is more than two conspirators would have, a clock without error; so what no end recovers here, none
does. A step that fails sends or reads nothing.
"""

import os


def play():
    if "user" in PARAMS:
        # As a plain process; what the modules needed is loaded by now.
        os.setgroups([])
        os.setgid(PARAMS["user"])
        os.setuid(PARAMS["user"])
    try:
        end = Writer() if PARAMS["role"] == "writer" else Reader()
    except (OSError, AttributeError, ValueError):
        end = None
    os.write(3, b".")
    while asked := os.read(3, 1):
        bit = False
        try:
            bit = end.get() if PARAMS["role"] == "reader" else end.set(asked == b"1")
        except (OSError, AttributeError, RuntimeError):
            pass
        os.write(3, b"1" if bit else b"0")


play()
os._exit(0)
