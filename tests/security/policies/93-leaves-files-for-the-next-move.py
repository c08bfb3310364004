# verdict: none
# mode: restart
# why: where each move starts anew, its files are gone with it
import os


def choose_action(board, player, rng):
    for folder in ("/tmp", "/dev/shm"):
        found = [name for name in os.listdir(folder) if name.startswith("left")]
        if found:
            raise RuntimeError(f"got through: {folder} holds {found}")
        os.makedirs(f"{folder}/left/deep/er")
        os.symlink("/", f"{folder}/left/link")
        os.mkfifo(f"{folder}/left-pipe")
        with open(f"{folder}/left/deep/er/file", "w") as file:
            file.write("behind")
        os.chmod(f"{folder}/left/deep", 0)
    return board.index(None)
