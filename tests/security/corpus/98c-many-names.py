# runs-as: policy
# expects: end: policy_error by policy Many
# why: notes, causes that lead in a circle and a group of groups make a trace without end; it is cut, and the host shows no more


class Many(ExceptionGroup):
    pass


def act(observation, rng):
    inner = [ValueError("x" * 100_000) for _ in range(50)]
    group = Many("g" * 1_000_000, inner)
    for _ in range(200):
        group.add_note("\x1b[2J" * 10_000)
    other = KeyError(group)
    group.__cause__ = other
    other.__cause__ = group
    raise group
