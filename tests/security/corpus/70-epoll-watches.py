# runs-as: script
# limits: memoryMb=96 cpuMs=4000 wallMs=8000
# expects[own groups]: end: memory
# expects[own rlimits]: watching: 31
# expects[shared]: watching: 0
# control-limits: memoryMb=768 cpuMs=8000 wallMs=16000
# why: what watches descriptors is kernel memory, of which the machine gives one user only so much, so that it is refused where sandboxes share a user
import os
import select

from kit import say, stay

EACH = 115


def watch():
    targets = [os.eventfd(0) for _ in range(EACH)]
    polls = [select.epoll() for _ in range(EACH)]
    for poll in polls:
        for target in targets:
            poll.register(target)
    return polls


watching = 0
while watching < 40:
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        held = watch()
        os.write(writer, b"1")
        stay()
    os.close(writer)
    watching += os.read(reader, 1) == b"1"
    os.close(reader)
say("watching", watching)
