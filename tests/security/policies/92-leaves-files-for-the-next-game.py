# verdict: none
# games: 3
# control: in-process
# why: files of a game are gone with it
import os

left = [name for folder in ("/tmp", "/dev/shm") for name in os.listdir(folder) if name.startswith("left")]
if left:
    raise RuntimeError(f"got through: {left}")
for folder in ("/tmp", "/dev/shm"):
    with open(f"{folder}/left", "w") as file:
        file.write("behind")


def choose_action(board, player, rng):
    return board.index(None)
