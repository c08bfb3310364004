"""Locks between connections, processes and descriptors. One JSON line: what each attempt came to."""

import errno
import fcntl
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys

F_OFD_SETLK = 37
PATH = "/tmp/locked"
seen = {}


def name_of(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    except sqlite3.OperationalError as error:
        return str(error)
    return "ok"


def beside(action):
    """What an attempt comes to in a forked child."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, str(name_of(action)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(write)
    with open(read, "rb") as file:
        return file.read().decode()


def holder(take):
    """A child that has taken a lock, and holds it until it is told to end."""
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go[1])
        take()
        os.write(ready[1], b"!")
        os.read(go[0], 1)
        os._exit(0)
    os.close(go[0])
    os.read(ready[0], 1)
    return pid, go[1]


def attempt(kind, start=0, length=0, fd=None, command=fcntl.F_SETLK):
    fd = os.open(PATH, os.O_RDWR) if fd is None else fd
    return fcntl.fcntl(fd, command, struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0))


with open(PATH, "wb") as file:
    file.write(bytes(100))

# Record locks: owned by the process, by ranges.
fd = os.open(PATH, os.O_RDWR)
fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 20)
seen["again by the owner"] = name_of(lambda: attempt(fcntl.F_WRLCK, 0, 0))
fcntl.lockf(fd, fcntl.LOCK_UN)
fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 30, 10)
fcntl.lockf(fd, fcntl.LOCK_UN, 10, 20)
seen["another's range"] = beside(lambda: attempt(fcntl.F_WRLCK, 12, 5))
seen["a hole in it"] = beside(lambda: attempt(fcntl.F_WRLCK, 20, 10))
seen["behind the hole"] = beside(lambda: attempt(fcntl.F_RDLCK, 35, 1))
asked = struct.unpack("hhqqi4x", attempt(fcntl.F_WRLCK, 0, 0, command=fcntl.F_GETLK))
seen["asking the owner"] = asked[0] == fcntl.F_UNLCK


def ask():
    kind, whence, start, length, pid = struct.unpack("hhqqi4x", attempt(fcntl.F_RDLCK, 0, 15, command=fcntl.F_GETLK))
    if (kind, whence, start, length, pid) != (fcntl.F_WRLCK, 0, 10, 10, os.getppid()):
        raise OSError(errno.EBADMSG, "")


fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 10)
seen["asking who has it"] = beside(ask)
os.close(os.open(PATH, os.O_RDONLY))
seen["after any descriptor was closed"] = beside(lambda: attempt(fcntl.F_WRLCK))
fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
seen["shared"] = beside(lambda: attempt(fcntl.F_RDLCK))
seen["exclusive beside shared"] = beside(lambda: attempt(fcntl.F_WRLCK))
os.close(fd)
seen["a descriptor for reading"] = name_of(lambda: attempt(fcntl.F_WRLCK, fd=os.open(PATH, os.O_RDONLY)))

# flock and open file locks: owned by the open file.
fd = os.open(PATH, os.O_RDWR)
fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
copy = os.dup(fd)
seen["flock of another open file"] = name_of(lambda: fcntl.flock(os.open(PATH, os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB))
seen["flock in a child that inherited it"] = beside(lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB))
os.close(fd)
seen["flock held by a copy"] = beside(lambda: fcntl.flock(os.open(PATH, os.O_RDWR), fcntl.LOCK_SH | fcntl.LOCK_NB))
os.close(copy)
seen["flock with no copy left"] = beside(lambda: fcntl.flock(os.open(PATH, os.O_RDWR), fcntl.LOCK_SH | fcntl.LOCK_NB))
fd = os.open(PATH, os.O_RDWR)
attempt(fcntl.F_WRLCK, 0, 10, fd=fd, command=F_OFD_SETLK)
seen["open file lock"] = name_of(lambda: attempt(fcntl.F_WRLCK, 5, 10, command=F_OFD_SETLK))
seen["record lock beside it"] = name_of(lambda: attempt(fcntl.F_WRLCK, 5, 10))
os.close(fd)

# Waiting, and the dead.
pid, go = holder(lambda: attempt(fcntl.F_WRLCK))
seen["held"] = name_of(lambda: attempt(fcntl.F_WRLCK))
other = os.fork()
if other == 0:
    os.close(go)
    attempt(fcntl.F_WRLCK, command=fcntl.F_SETLKW)
    os._exit(7)
os.close(go)
seen["waited for"] = os.waitstatus_to_exitcode(os.waitpid(other, 0)[1])
os.waitpid(pid, 0)
pid, go = holder(lambda: attempt(fcntl.F_WRLCK))
os.kill(pid, signal.SIGKILL)
attempt(fcntl.F_WRLCK, command=fcntl.F_SETLKW)
seen["after a kill"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

# Other programs.
other = "import fcntl, sys; file = open(sys.argv[1], 'rb+'); fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)"
seen["another program"] = "BlockingIOError" in subprocess.run([sys.executable, "-c", other, PATH], stderr=-1, text=True).stderr

# The image's files.
file = open("/etc/passwd")
seen["image, record"] = name_of(lambda: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB))
seen["image, flock"] = name_of(lambda: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB))
seen["image, open file"] = name_of(lambda: attempt(fcntl.F_RDLCK, fd=file.fileno(), command=F_OFD_SETLK))

# A database.
DATABASE = "/tmp/a.db"
writer = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
for i in range(int(sys.argv[2])):
    database.execute("begin immediate")
    count, = database.execute("select count(*) from t").fetchone()
    database.execute("insert into t values (?)", (count,))
    database.execute("commit")
"""
one = sqlite3.connect(DATABASE)
one.execute("create table t (n integer)")
one.execute("insert into t values (0)")
one.commit()
two = sqlite3.connect(DATABASE, timeout=3)
seen["a second connection"] = two.execute("select n from t").fetchall()
one.execute("insert into t values (1)")
seen["writing beside an open transaction"] = name_of(lambda: two.execute("insert into t values (2)"))
one.commit()
seen["after its commit"] = name_of(lambda: two.execute("insert into t values (2)"))
two.commit()
for mode in ("delete", "wal"):
    one.execute(f"pragma journal_mode={mode}").fetchall()
    before = one.execute("select count(*) from t").fetchone()[0]
    programs = [subprocess.Popen([sys.executable, "-c", writer, DATABASE, "40"]) for _ in range(2)]
    endings = [program.wait() for program in programs]
    rows = [n for n, in one.execute("select n from t order by n")]
    seen[f"two programs, {mode}"] = [endings, len(rows) - before, rows == list(range(len(rows)))]

print(json.dumps(seen))
