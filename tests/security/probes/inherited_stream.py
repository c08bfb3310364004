"""Starts a command, which must not inherit the stream to the host."""

import os

look = "import os\ntry: os.fstat(3); os._exit(7)\nexcept OSError: os._exit(8)"
status = os.spawnv(os.P_WAIT, "/opt/python/bin/python3", ["python3", "-S", "-c", look])
answer(status != 8, f"status {status}")
