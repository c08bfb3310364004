# runs-as: script
# expects: the host's process: ESRCH
# expects: by thread: ESRCH
# expects: by descriptor: EPERM
# expects: everybody: ESRCH
# expects: others: 0
# control: the host's process, by thread
# why: a signal must not reach any process but the sandbox's own
import os
import signal

from kit import attempt, libc, say


def by_thread(pid):
    if libc.tgkill(pid, pid, signal.SIGKILL) < 0:
        os.kill(pid, signal.SIGKILL)


target = int(os.environ["ATTACK_HOST_PID"])
attempt("the host's process", lambda: os.kill(target, 0))
attempt("by thread", lambda: by_thread(target))
attempt("by descriptor", lambda: signal.pidfd_send_signal(os.pidfd_open(target), signal.SIGKILL))
reached = 0
if os.getpid() == 1:
    attempt("everybody", lambda: os.kill(-1, signal.SIGKILL))
    for pid in range(2, 40_000):
        try:
            os.kill(pid, signal.SIGKILL)
            reached += 1
        except OSError:
            pass
say("others", reached)
os.kill(os.getpid(), 0)
