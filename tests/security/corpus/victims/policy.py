"""A bystander: a policy that picks by the order of a set of objects."""


class Candidate:
    def __init__(self, action):
        self.action = action


def act(observation, rng):
    candidates = {Candidate(number % 2) for number in range(20)}
    order = [candidate.action for candidate in candidates]
    return order[int(rng.integers(len(order)))]
