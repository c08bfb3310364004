"""Signals the process group 0: the caller's own, in whatever namespaces its members are."""

import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(0, signal.SIGTERM)
answer(os.getpgid(0) != os.getpid(), f"process group {os.getpgid(0)}")
