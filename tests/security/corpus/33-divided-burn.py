# runs-as: script
# limits: cpuMs=400 wallMs=3000 processes=16
# expects[groups]: end: cpu
# expects[rlimits]: end: wall
# control-limits: wallMs=1500 processes=16
# why: ten processes that each stay below the limit are still above it together
import os

from kit import stay

for _ in range(10):
    if os.fork() == 0:
        while True:
            pass
# No clock ends this wait: where each process is limited alone, the ten may have ended at their own limits long before the wall time.
stay()
