# verdict: illegal_action
# at: 1
# why: a subclass of int may be another number each time it is asked
class Lie(int):
    asked = 0

    def __index__(self):
        Lie.asked += 1
        return Lie.asked

    __int__ = __index__

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def choose_action(board, player, rng):
    return Lie(0)
