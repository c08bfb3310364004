# runs-as: policy
# expects: end: illegal_action by policy IllegalAction
# why: NaN is in no space


def act(observation, rng):
    return float("nan")
