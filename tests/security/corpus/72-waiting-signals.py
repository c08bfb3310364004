# runs-as: script
# limits: processes=30
# expects: waiting: 0..256
# control: waiting
# why: signals that wait are kernel memory, counted for one user of the machine; a sandbox has its own few for all its processes
import os
import signal

from kit import libc, say, stay

SIGNAL, EACH = 40, 400
signal.pthread_sigmask(signal.SIG_BLOCK, [SIGNAL])
waiting = 0
for _ in range(20):
    reader, writer = os.pipe()
    if os.fork() == 0:
        queued = 0
        while queued < EACH and libc.sigqueue(os.getpid(), SIGNAL, None) == 0:
            queued += 1
        os.write(writer, str(queued).encode())
        os.close(writer)
        stay()
    os.close(writer)
    waiting += int(os.read(reader, 20))
    os.close(reader)
say("waiting", waiting)
