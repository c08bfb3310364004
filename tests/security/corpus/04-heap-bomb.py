# runs-as: script
# limits: memoryMb=64
# expects: heap: MemoryError after 1..64
# control: heap
# why: the host's memory must not pay for a program's appetite
from kit import until_refused

parts = []
until_refused("heap", lambda: parts.append(bytearray(1 << 20)), 400)
