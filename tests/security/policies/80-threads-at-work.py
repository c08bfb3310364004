# verdict: none
# control: in-process
# why: threads that go on during the opponent's move find nothing they could change
import gc
import random
import threading
import time

swept = threading.Event()


def meddle():
    while True:
        for known in gc.get_objects():
            if isinstance(known, random.Random):
                known.seed(0)
            if isinstance(known, list) and len(known) == 9:
                known[:] = ["X"] * 9
        swept.set()
        time.sleep(0.002)


def choose_action(board, player, rng):
    cell = board.index(None)
    if threading.active_count() == 1:
        threading.Thread(target=meddle, daemon=True).start()
        # A game is shorter than a turn of the interpreter's lock: without a look of its own the thread may never run.
        swept.wait(5)
    return cell
