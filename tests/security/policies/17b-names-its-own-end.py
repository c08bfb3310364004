# verdict: memory_limit
# at: 1
# why: what a policy calls its own end is believed of it; a forfeit it is by any name
class Liar(type):
    def __getattribute__(cls, name):
        raise RuntimeError("asked")


class MemoryError(BaseException, metaclass=Liar):
    def __str__(self):
        raise self

    __repr__ = __str__


def choose_action(board, player, rng):
    raise MemoryError
