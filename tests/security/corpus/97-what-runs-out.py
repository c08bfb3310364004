# runs-as: script
# times: 3
# expects: descriptors: same
# expects: a pipe holds: same
# expects: room in /tmp: same
# expects: files in /tmp: same
# expects: depth of the stack: same
# expects: numbers of processes: same
# expects: numbers of files: same
# expects: highest address: same
# expects: least address: same
# why: where a program meets its limits is something it sees; if that depended on the machine or on others, so would what it does next
import ctypes
import fcntl
import os
import sys

from kit import say


def until_refused(action):
    done = 0
    try:
        while True:
            action()
            done += 1
    except (OSError, MemoryError):
        return done


opened = []
say("descriptors", until_refused(lambda: opened.append(os.open("/dev/null", os.O_RDONLY))))
for fd in opened:
    os.close(fd)
reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
say("a pipe holds", until_refused(lambda: os.write(writer, b"x")))
big = os.open("/tmp/big", os.O_CREAT | os.O_WRONLY)
say("room in /tmp", until_refused(lambda: os.write(big, bytes(1 << 20))))
os.unlink("/tmp/big")
os.close(big)
count = 0


def make():
    global count
    os.close(os.open(f"/tmp/{count}", os.O_CREAT | os.O_WRONLY))
    count += 1


say("files in /tmp", until_refused(make))
say("numbers of files", "-".join(str(os.stat(f"/tmp/{n}").st_ino) for n in (0, 1, 100)))


def depth(n=0):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


sys.setrecursionlimit(3000)
say("depth of the stack", depth())
numbers = []
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    numbers.append(str(pid))
say("numbers of processes", "-".join(numbers))
local = ctypes.create_string_buffer(1 << 22)
say("highest address", hex(ctypes.addressof(local)))
say("least address", hex(id(object())))
