# runs-as: script
# machine: x86_64
# expects: the old page's time: same-as-the-world's|absent
# expects: the old page's clock: same-as-the-world's|absent
# why: a page at a fixed address answers for three old system calls, on every process of the machine and past every library
import ctypes
import time

from kit import child, say

PAGE = 0xFFFF_FFFF_FF60_0000
GETTIMEOFDAY, TIME = PAGE, PAGE + 0x400


def seconds_by(ask):
    before = int(time.time())
    told = ask()
    # An exit status has room for this much.
    raise SystemExit(0) if before - 1 <= told <= int(time.time()) + 1 else ValueError(told)


def by_time():
    return ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(TIME)(None)


def by_clock():
    value = (ctypes.c_long * 2)()
    ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)(GETTIMEOFDAY)(ctypes.addressof(value), None)
    return value[0]


def found(ask):
    def inside():
        import os

        try:
            seconds_by(ask)
        except SystemExit:
            os._exit(0)
        except ValueError:
            os._exit(1)

    return {"exit 0": "same-as-the-world's", "exit 1": "escaped", "signal 11": "absent"}.get(child(inside), "escaped otherwise")


say("the old page's time", found(by_time))
say("the old page's clock", found(by_clock))
