"""Locks while programs are started and threads take and give others. One JSON line: what each attempt came to."""

import fcntl
import json
import os
import subprocess
import sys
import threading

OTHER = "import fcntl, sys; file = open(sys.argv[1], 'rb+'); fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)"
seen = {}


def another(path):
    """What the attempt of another program comes to, which is started without a copy of this one's memory."""
    run = subprocess.run([sys.executable, "-S", "-c", OTHER, path], capture_output=True, text=True)
    return "BlockingIOError" in run.stderr or run.stderr or "ok"


def take(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


fd = take("/tmp/one")
# Its first descriptors are made from copies, and all others closed, before it is a program.
for _ in range(3):
    subprocess.run([sys.executable, "-S", "-c", ""], stdin=fd, stdout=subprocess.DEVNULL, close_fds=True)
seen["held while programs are started"] = another("/tmp/one")
fcntl.flock(fd, fcntl.LOCK_UN)
seen["given back"] = another("/tmp/one")
os.close(fd)


def work(number, taken):
    path = f"/tmp/of-{number}"
    for _ in range(100):
        fd = take(path)
        copy = os.dup(fd)
        os.close(fd)
        try:
            take(path)
        except BlockingIOError:
            taken.append(number)
        os.close(copy)
    os.close(take(path))


taken = []
threads = [threading.Thread(target=work, args=(number, taken)) for number in range(8)]
for thread in threads:
    thread.start()
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        try:
            take(f"/tmp/child-{os.getpid()}")
        except OSError:
            os._exit(1)
        os._exit(0)
    seen["a child's"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
for thread in threads:
    thread.join()
seen["refused to threads"] = len(taken)
seen["left by threads"] = [another(f"/tmp/of-{number}") for number in (0, 7)]
print(json.dumps(seen))
