# runs-as: script
# expects: flock: ENOLCK
# expects: record lock: ENOLCK
# expects: open file lock: ENOLCK
# expects: lease: EPERM
# expects: directory notice: EPERM
# expects: inotify_init1: EPERM
# expects: fanotify_init: EPERM
# expects: shmget: EPERM
# expects: semget: EPERM
# expects: msgget: EPERM
# expects: mq_open: EPERM
# expects: touch the image: EROFS
# expects: left in /tmp: corpus
# expects: left in /dev/shm: nothing
# expects: cachestat: EPERM
# control: flock, record lock, open file lock, inotify_init1, shmget, msgget, cachestat
# why: an object that two sandboxes can both name is a wire between them
import ctypes
import fcntl
import os

from kit import attempt, call, say

file = open("/etc/passwd")
F_OFD_SETLK, F_NOTIFY = 37, 1026
attempt("flock", lambda: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB))
attempt("record lock", lambda: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB))
attempt("open file lock", lambda: fcntl.fcntl(file, F_OFD_SETLK, bytes(32)))
attempt("lease", lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK))
attempt("directory notice", lambda: fcntl.fcntl(os.open("/etc", os.O_RDONLY), F_NOTIFY, 1))
attempt("inotify_init1", lambda: call("inotify_init1", 0))
attempt("fanotify_init", lambda: call("fanotify_init", 0x200, 0))
attempt("shmget", lambda: call("shmget", 1, 4096, 0o1600))
attempt("semget", lambda: call("semget", 1, 1, 0o1600))
attempt("msgget", lambda: call("msgget", 1, 0o1600))
attempt("mq_open", lambda: call("mq_open", b"canary", 0o102, 0o600, 0))
attempt("touch the image", lambda: os.utime("/etc/passwd"))
say("left in /tmp", " ".join(sorted(os.listdir("/tmp"))) or "nothing")
say("left in /dev/shm", " ".join(sorted(os.listdir("/dev/shm"))) or "nothing")
# Of its own file, which the kernel itself would answer.
own = os.open("/tmp/own", os.O_CREAT | os.O_RDWR)
attempt("cachestat", lambda: call("cachestat", own, bytes(16), ctypes.create_string_buffer(40), 0))
