# runs-as: script
# expects: crash: signal 11
# expects: crash after exec: signal 11
# expects: raise the limit: EACCES
# expects: take the limit away: EACCES
# expects: dumpable: 0
# expects: dumpable after exec: 0
# control: dumpable, dumpable after exec, take the limit away
# why: where the host pipes cores to a program of its own, that program runs as the host's root, on the sandbox's word
import ctypes
import os
import resource
import subprocess
import sys

from kit import attempt, child, libc, say


def crash():
    ctypes.string_at(0)


def crash_after_exec():
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import ctypes; ctypes.string_at(0)"])


question = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
say("dumpable", libc.prctl(3, 0, 0, 0, 0))
# Where the host pipes cores to a socket, no limit keeps a core from it.
say("dumpable after exec", subprocess.check_output([sys.executable, "-I", "-S", "-c", question], text=True).strip())
attempt("raise the limit", lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30)))
# With 0, and not 1, the kernel starts the program.
attempt("take the limit away", lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
say("crash", child(crash))
say("crash after exec", child(crash_after_exec))
