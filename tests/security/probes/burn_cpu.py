"""Uses more CPU time than it may."""

import resource
import signal

signal.signal(signal.SIGXCPU, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_CPU, (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2)
# A timer on processor time is real in every world; a clock that is read is not.
signal.signal(signal.SIGPROF, lambda *_: burnt.append("3.2 s"))
signal.setitimer(signal.ITIMER_PROF, 3.2)
burnt: list = []
while not burnt:
    pass
answer(True, burnt[0])
