# runs-as: script
# limits: wallMs=400
# expects: stopped: signal 19
# expects: end: wall
# why: a stopped process sees no signal but one; that one must come
import os
import signal

from kit import say

pid = os.fork()
if pid == 0:
    while True:
        os.kill(os.getpid(), signal.SIGSTOP)
say("stopped", f"signal {os.WSTOPSIG(os.waitpid(pid, os.WUNTRACED)[1])}")
os.waitpid(pid, 0)
