"""Starts a program, which an exec makes dumpable."""

import subprocess
import sys

started = subprocess.run(
    [sys.executable, "-I", "-S", "-c", "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"],
    capture_output=True,
    text=True,
    check=True,
)
answer(started.stdout.strip() != "0", f"dumpable {started.stdout.strip()}")
