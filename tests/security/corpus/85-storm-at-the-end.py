# runs-as: script
# limits: wallMs=6000
# expects: storm: on
# expects: end: exit 0
# why: processes that double themselves while their sandbox ends must not outrun whoever ends them
import os
import signal

from kit import say



def double():
    try:
        return os.fork()
    except OSError:
        return -1


for _ in range(20):
    if double() == 0:
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            if (child := double()) > 0:
                os._exit(0)
            if child == 0:
                os.setsid()
say("storm", "on")
os._exit(0)
