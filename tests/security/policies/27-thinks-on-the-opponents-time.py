# verdict: cpu_limit
# at: 3
# clocks: bankCpuMs=600 moveCpuMs=30000 moveWallMs=60000
# world: host
# why: a thread that goes on while the other moves is on the same bank
import signal
import threading


def burn():
    while True:
        pass


def choose_action(board, player, rng):
    if any(board):
        signal.pause()
    else:
        threading.Thread(target=burn, daemon=True).start()
    return board.index(None)
