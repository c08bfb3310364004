"""Looks for processes that are not its own by sending them nothing."""

import os

found = []
for pid in range(1, 4_194_304 if os.getpid() != 1 else 5_000):
    try:
        os.kill(pid, 0)
        found.append(pid)
    except ProcessLookupError:
        pass
    except PermissionError:
        found.append(pid)
    if len(found) > 3:
        break
answer(found != [os.getpid()], f"processes {found}, itself {os.getpid()}")
