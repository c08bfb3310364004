# runs-as: script
# expects: end: signal SIGILL
# why: code that the program wrote itself may run and may be wrong
import ctypes
import mmap

from kit import X64

code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("0f0b" if X64 else "00000000"))
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
