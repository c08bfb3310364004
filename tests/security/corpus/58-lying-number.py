# runs-as: policy
# expects: end: illegal_action by policy BadAction
# why: an object that claims to equal every action is of a class of its own, and is not sent


class Liar(int):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __index__(self):
        return 1


def act(observation, rng):
    return Liar(7)
