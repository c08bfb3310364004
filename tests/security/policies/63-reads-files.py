# verdict: none
# control: in-process
# why: the opponent's source, the referee's harness and the host's files are not in this sandbox
import os

# In two parts each, so that this file does not hold the words itself.
MARK = "opponents" + "-own-mark"
HARNESS = "Sameseed" + " harness"


def choose_action(board, player, rng):
    for place in ("/tmp", "/dev/shm", "/proc", "/home", "/root", "/run", "/var", "/etc"):
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    with open(path, errors="replace") as file:
                        text = file.read(1 << 20)
                except OSError:
                    continue
                if MARK in text or HARNESS in text:
                    raise RuntimeError(f"got through: {path}")
    return board.index(None)
