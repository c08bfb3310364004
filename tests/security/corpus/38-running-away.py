# runs-as: script
# limits: wallMs=400
# expects: end: wall
# why: a process that is always somebody else's child by the time it is looked for must be caught too
import os
import signal

if os.fork() == 0:
    while True:
        if os.fork() > 0:
            os._exit(0)
        os.setsid()
signal.pause()
