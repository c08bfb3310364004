# runs-as: script
# machine: x86_64
# expects: software interrupt: signal 31
# expects: system call: killed
# control: software interrupt
# why: a far jump leads 64-bit code into the 32-bit segment, where numbers mean other calls and pointers are half as long
import ctypes
import os

from kit import child, say
from raw import call_kernel

MMAP, AT, BACK, STUB = 9, 0x2000_0000, 0x2000_0100, 0x2000_0200
ANYTHING, FIXED_PRIVATE_ANONYMOUS = 7, 0x32


def through(instruction):
    """Goes into 32-bit code that asks for its number, and comes back by a far jump."""
    call_kernel(MMAP, AT, 4096, ANYTHING, FIXED_PRIVATE_ANONYMOUS, -1, 0)
    getpid = bytes.fromhex("b814000000") + instruction
    away = bytes.fromhex("ea") + BACK.to_bytes(4, "little") + bytes.fromhex("3300")
    # By way of memory, as a far return would read the stack: QEMU 7.2 does that with the kernel's rights, which a kernel must not have.
    there = bytes.fromhex("ff2c25") + (STUB + 16).to_bytes(4, "little")
    place = AT.to_bytes(4, "little") + bytes.fromhex("2300")
    for at, code in ((AT, getpid + away), (BACK, b"\xc3"), (STUB, there), (STUB + 16, place)):
        ctypes.memmove(at, code, len(code))
    os._exit(0 if ctypes.CFUNCTYPE(ctypes.c_int)(STUB)() > 0 else 1)


say("software interrupt", child(lambda: through(bytes.fromhex("cd80"))))
# Which signal it is depends on the processor's maker: not all know this instruction in 32-bit code.
ended = child(lambda: through(bytes.fromhex("0f05")))
say("system call", "killed" if ended.startswith("signal") else f"escaped {ended}")
