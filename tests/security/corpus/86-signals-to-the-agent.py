# runs-as: command
# expects: sent: 64
# expects: everybody: ESRCH
# why: the agent is the first process, and a command may send it any signal; it must go on, or every command would end it
import os
import signal

from kit import attempt, say

sent = 0
for number in range(1, 65):
    try:
        os.kill(1, number)
        sent += 1
    except OSError:
        pass
say("sent", sent)
signal.signal(signal.SIGINT, signal.SIG_IGN)
attempt("everybody", lambda: os.kill(-1, signal.SIGINT))
