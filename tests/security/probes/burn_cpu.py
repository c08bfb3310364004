"""Uses more CPU time than it may."""

import ctypes
import os
import resource
import signal

signal.signal(signal.SIGXCPU, signal.SIG_IGN)
try:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2)
except OSError:
    pass  # the wall lets nobody set limits
# Set with an instruction of its own: what the library sets in a sealed world counts that world's time.
signal.signal(signal.SIGPROF, lambda *_: burnt.append("3.2 s"))
due = (ctypes.c_long * 4)(0, 0, 3, 200_000)
call_kernel(38 if os.uname().machine == "x86_64" else 103, signal.ITIMER_PROF, ctypes.addressof(due), 0)
burnt: list = []
while not burnt:
    pass
answer(True, burnt[0])
