# verdict: none
# games: 45
# control: in-process
# why: a policy that waits for its fortieth game to turn would have to remember one
import os

PLACES = ("/tmp/games", "/dev/shm/games", "/var/tmp/games")
games = 0
for place in PLACES:
    try:
        with open(place) as file:
            games = max(games, int(file.read()))
    except OSError:
        pass
games += 1
for place in PLACES:
    try:
        with open(place, "w") as file:
            file.write(str(games))
    except OSError:
        pass


def choose_action(board, player, rng):
    if games >= 2:
        raise RuntimeError(f"got through: this is game {games}")
    return board.index(None)
