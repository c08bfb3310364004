# verdict: crash
# at: 1
# why: asking an exception for its name and its text runs the policy's code again
class Liar(type):
    def __getattribute__(cls, name):
        raise RuntimeError("asked")


class Lie(BaseException, metaclass=Liar):
    def __str__(self):
        raise self

    __repr__ = __str__


def choose_action(board, player, rng):
    raise Lie
