# runs-as: script
# limits: cpuMs=500 wallMs=6000
# expects[groups]: end: cpu
# expects[rlimits]: end: cpu|wall
# control-limits: cpuMs=60000 wallMs=900
# why: children that are gone before anybody looks at them have used processor time all the same
import os

while True:
    if os.fork() == 0:
        for _ in range(50_000):
            pass
        os._exit(0)
    os.wait()
