# verdict: none
# limits: diskMb=4
# why: a full disk is the seat's own, and a policy that can do without it plays on
import os


def fill(folder):
    with open(f"{folder}/full", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)


def litter(folder):
    for number in range(2000):
        os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))


def choose_action(board, player, rng):
    for folder in ("/tmp", "/dev/shm"):
        for spoil in (litter, fill):
            try:
                spoil(folder)
            except OSError:
                pass
    return board.index(None)
