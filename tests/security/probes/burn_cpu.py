"""Uses more CPU time than it may."""

import os
import resource
import signal
import time

signal.signal(signal.SIGXCPU, signal.SIG_IGN)
try:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2)
except OSError:
    pass  # the wall lets nobody set limits
while time.process_time() < 3.2:
    pass
answer(True, f"{time.process_time():.1f} s")
