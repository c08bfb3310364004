"""The kernel and the processor's clock without any library between: what a sealed world does not stand in front of.

A program that must wait for real, or tell real time, in a sealed world does it with these; so does one that asks what
lies behind the library.
"""

import ctypes
import mmap
import os

_X64 = os.uname().machine == "x86_64"
# A function of seven words: the number first, then the arguments; and one without arguments that reads the clock.
_CALL, _TICKS = (
    ("4889f8" "4889f7" "4889d6" "4889ca" "4d89c2" "4d89c8" "4c8b4c2408" "0f05" "c3", "0f31" "48c1e220" "4809d0" "c3")
    if _X64
    else ("e80300aa" "e00301aa" "e10302aa" "e20303aa" "e30304aa" "e40305aa" "e50306aa" "010000d4" "c0035fd6", "40e03bd5" "c0035fd6")
)  # fmt: skip
_anything = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
_page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=_anything)
_page[:128] = bytes.fromhex(_CALL).ljust(64, b"\0") + bytes.fromhex(_TICKS).ljust(64, b"\0")
_at = ctypes.addressof(ctypes.c_char.from_buffer(_page))
_call = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * 7)(_at)
_PPOLL = 271 if _X64 else 73

# Reads the processor's clock, in ticks of its own.
ticks = ctypes.CFUNCTYPE(ctypes.c_uint64)(_at + 64)


def call_kernel(number: int, *arguments: int) -> int:
    """Makes a system call with an instruction of its own; returns what the kernel does, an errno below zero."""
    return _call(number, *arguments, *[0] * (6 - len(arguments)))


def wait_really(seconds: float) -> None:
    """Waits on nothing, with a timeout that the kernel counts."""
    time = (ctypes.c_long * 2)(int(seconds), int(seconds % 1 * 1e9))
    call_kernel(_PPOLL, 0, 0, ctypes.addressof(time), 0, 0)
