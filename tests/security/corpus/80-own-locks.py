# runs-as: script
# expects: own record lock: taken
# expects: database: 3
# expects: record lock on the image: ENOLCK|EACCES|EBADF
# expects: lock on the image: ENOLCK|EACCES|EBADF
# expects: open file lock on the image: ENOLCK|EACCES|EBADF
# expects: by an instruction on the image: ENOLCK|EACCES|EBADF
# control: lock on the image
# why: a lock on a file that only this sandbox has is its own affair; one on a file that all share is a wire to its neighbours
import ctypes
import errno
import fcntl
import sqlite3

from kit import X64, attempt, say
from raw import call_kernel

FCNTL, F_SETLK, F_OFD_SETLK = 72 if X64 else 25, 6, 37
image = open("/etc/passwd", "rb")
own = open("/tmp/own", "w+b")
try:
    fcntl.lockf(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    say("own record lock", "taken")
except OSError as error:
    say("own record lock", errno.errorcode[error.errno])
try:
    with sqlite3.connect("/tmp/database", timeout=0.1) as database:
        database.execute("create table rows (value)")
        database.executemany("insert into rows values (?)", [(1,), (2,), (3,)])
        say("database", database.execute("select count(*) from rows").fetchone()[0])
except sqlite3.Error as error:
    say("database", type(error).__name__)


def by_instruction():
    lock = ctypes.create_string_buffer(32)
    answer = call_kernel(FCNTL, image.fileno(), F_SETLK, ctypes.addressof(lock))
    if answer < 0:
        raise OSError(-answer, "")


attempt("record lock on the image", lambda: fcntl.lockf(image, fcntl.LOCK_SH | fcntl.LOCK_NB))
attempt("lock on the image", lambda: fcntl.flock(image, fcntl.LOCK_SH | fcntl.LOCK_NB))
attempt("open file lock on the image", lambda: fcntl.fcntl(image, F_OFD_SETLK, bytes(32)))
attempt("by an instruction on the image", by_instruction)
