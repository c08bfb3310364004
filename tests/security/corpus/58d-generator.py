# runs-as: policy
# expects: end: illegal_action by policy BadAction
# why: a thing that runs code when it is looked at is not looked at


def act(observation, rng):
    return (number for number in iter(int, 1))
