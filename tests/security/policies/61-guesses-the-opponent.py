# verdict: none
# control: in-process
# why: with one stream for both seats, a copy of the own generator tells every move of the other
import copy
import random

guessers = {}
right = {}


def choose_action(board, player, rng):
    other = {"X": "O", "O": "X"}[player]
    for name, (before, guess) in guessers.items():
        moved = [cell for cell in range(9) if board[cell] == other and before[cell] is None]
        if moved:
            right[name] = right.get(name, 0) + (1 if guess == moved[0] else -99)
            if right[name] == 3:
                raise RuntimeError(f"got through: {name} tells the opponent's moves")
    cell = board.index(None)
    after = [*board]
    after[cell] = player
    free = [each for each in range(9) if after[each] is None]
    guessers.clear()
    if free:
        guessers["own"] = (after, copy.deepcopy(rng).choice(free))
        guessers["global"] = (after, copy.deepcopy(random._inst).choice(free))
    return cell
