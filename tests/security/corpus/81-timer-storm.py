# runs-as: script
# limits: cpuMs=4000 wallMs=8000
# expects: timers: 100..256
# expects: end: exit 0|cpu
# why: timers that fire every microsecond are work of the kernel's that no process is charged for
import ctypes
import signal

from kit import X64, say
from raw import call_kernel, wait_really

CREATE, SET, ACTION = (222, 223, 13) if X64 else (107, 110, 134)
SIGNAL = 34
# Past the library, which in a sealed world lets timers count that world's time; and ignored, so that they go on by themselves.
ignore = (ctypes.c_ulong * 4)(signal.SIG_IGN)
call_kernel(ACTION, SIGNAL, ctypes.addressof(ignore), 0, 8)
event = (ctypes.c_int * 16)(0, 0, SIGNAL, 0)
often = (ctypes.c_long * 4)(0, 1000, 0, 1000)
timers = 0
while timers < 256:
    timer = ctypes.c_int()
    if call_kernel(CREATE, 1, ctypes.addressof(event), ctypes.addressof(timer)) < 0:
        break
    call_kernel(SET, timer.value, 0, ctypes.addressof(often), 0)
    timers += 1
say("timers", timers)
wait_really(1)
