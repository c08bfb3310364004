# runs-as: script
# limits: memoryMb=64 diskMb=256
# expects[groups]: end: memory
# expects[rlimits]: fill: EFBIG|ENOSPC after 200..256
# expects[rlimits]: end: exit 0
# control-limits: memoryMb=512 diskMb=256
# why: /tmp is memory; a large one must not be a way around the memory limit
from kit import until_refused

file = open("/tmp/filling", "wb", buffering=0)
until_refused("fill", lambda: file.write(bytes(1 << 20)), 300)
