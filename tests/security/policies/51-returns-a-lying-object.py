# verdict: illegal_action
# at: 1
# why: an object that says yes to every question is sent as nothing, since only plain values are
class Lie:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __index__(self):
        return 0

    __int__ = __index__
    __bool__ = __eq__

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __contains__ = __lt__


Lie.__bool__ = lambda self: True


def choose_action(board, player, rng):
    return Lie()
