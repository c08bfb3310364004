# verdict: crash
# at: 1
# limits: processes=16
# why: threads are processes to the kernel and end at the same limit
import threading


def choose_action(board, player, rng):
    stay = threading.Event()
    while True:
        threading.Thread(target=stay.wait, daemon=True).start()
