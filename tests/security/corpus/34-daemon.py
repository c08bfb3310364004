# runs-as: script
# expects: daemon: runs
# why: a process that left its session and its parent must die with its sandbox
import os
import signal
import time

from kit import say

ready, told = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.write(told, b"runs")
        time.sleep(86_400)
    os._exit(0)
say("daemon", os.read(ready, 4).decode())
