# runs-as: script
# expects: real-time class: EPERM
# expects: idle class: EPERM
# expects: batch class: EPERM
# expects: parameters: EPERM
# expects: more priority: EPERM
# expects: less priority: EPERM
# expects: priority of the group: EPERM
# expects: attributes: EPERM
# expects: disk priority: EPERM
# expects: core scheduling: EPERM
# expects: timer slack: EPERM
# expects: huge pages: EPERM
# expects: merged memory: EPERM
# expects: speculation: EPERM
# expects: a handler for all calls: EPERM
# control: idle class, less priority, disk priority, timer slack, huge pages, a handler for all calls
# why: who may say how the kernel schedules it takes its neighbours' time, or makes its own hard to count
import ctypes
import os

from kit import X64, attempt, libc
from raw import call_kernel

PRCTL = {"core scheduling": (62, 1), "timer slack": (29, 1), "huge pages": (41, 1), "merged memory": (67, 1)}


def prctl(option, first, second=0):
    ctypes.set_errno(0)
    if libc.prctl(option, first, second, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "")


def raw(number, *arguments):
    answer = call_kernel(number, *arguments)
    if answer < 0:
        raise OSError(-answer, "")


attempt("real-time class", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
attempt("idle class", lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)))
attempt("batch class", lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)))
attempt("parameters", lambda: os.sched_setparam(0, os.sched_param(1)))
attempt("more priority", lambda: os.nice(-5))
attempt("less priority", lambda: os.nice(5))
attempt("priority of the group", lambda: os.setpriority(os.PRIO_PGRP, 0, 7))
attempt("attributes", lambda: raw(314 if X64 else 274, 0, 0, 0))
attempt("disk priority", lambda: raw(251 if X64 else 30, 1, 0, 0x6007))
for name, arguments in PRCTL.items():
    attempt(name, lambda arguments=arguments: prctl(*arguments))
attempt("speculation", lambda: prctl(53, 0, 2))
attempt("a handler for all calls", lambda: prctl(59, 99))
