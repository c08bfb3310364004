# runs-as: policy
# expects: tried: yes
# expects: end: terminated
# expects: record: as the honest policy's
# why: buffers, timeouts and signals of its own end of the link must change nothing of the referee's
import fcntl
import os
import signal
import socket

from kit import say

signal.signal(signal.SIGIO, signal.SIG_IGN)
for fd in range(3, 32):
    try:
        link = socket.socket(fileno=os.dup(fd))
    except OSError:
        continue
    for option, value in ((socket.SO_SNDBUF, 1), (socket.SO_RCVBUF, 1), (socket.SO_SNDBUF, 1 << 30), (socket.SO_KEEPALIVE, 1)):
        try:
            link.setsockopt(socket.SOL_SOCKET, option, value)
        except OSError:
            pass
    try:
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError:
        pass
say("tried", "yes")


def act(observation, rng):
    return 0
