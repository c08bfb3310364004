# runs-as: script
# expects: wait for all: EPERM
# expects: interrupt all: EPERM
# expects: join those that are interrupted: EPERM
# expects: register own: ok
# expects: own threads: ok
# control: wait for all, interrupt all, join those that are interrupted
# why: a barrier over the whole machine waits for every processor of it, or interrupts each that runs somebody who joined
import os

from kit import attempt, say
from raw import call_kernel

MEMBARRIER = 324 if os.uname().machine == "x86_64" else 283
GLOBAL, GLOBAL_EXPEDITED, REGISTER_GLOBAL, PRIVATE, REGISTER_PRIVATE = 1, 2, 4, 8, 16


def barrier(command):
    answer = call_kernel(MEMBARRIER, command, 0, 0)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return "ok"


attempt("wait for all", lambda: barrier(GLOBAL))
attempt("interrupt all", lambda: barrier(GLOBAL_EXPEDITED))
attempt("join those that are interrupted", lambda: barrier(REGISTER_GLOBAL))
say("register own", barrier(REGISTER_PRIVATE))
say("own threads", barrier(PRIVATE))
