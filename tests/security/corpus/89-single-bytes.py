# runs-as: script
# limits: outputBytes=300000 cpuMs=8000 wallMs=16000
# expects: end: output
# control-limits: outputBytes=100000000 cpuMs=500 wallMs=9000
# why: each byte that is written alone is a message of its own for everybody between the program and its reader
from raw import call_kernel
from kit import X64
import ctypes

byte = ctypes.create_string_buffer(b"x")
at, write = ctypes.addressof(byte), 1 if X64 else 64
while True:
    call_kernel(write, 1, at, 1)
