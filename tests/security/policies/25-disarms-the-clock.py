# verdict: cpu_limit
# at: 3
# clocks: moveCpuMs=200 bankCpuMs=600 moveWallMs=60000
# why: the clock of a move is in the policy's own process, so the bank, which is not, must end what disarms it
import signal


def choose_action(board, player, rng):
    if any(board):
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        for number in (signal.SIGPROF, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGALRM, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True:
            pass
    return board.index(None)
