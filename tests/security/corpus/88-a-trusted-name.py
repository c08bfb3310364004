# runs-as: policy
# expects: end: policy_error by policy BadPolicy
# why: a policy that fails with the name of a policy that could not be loaded has failed all the same, and ends nothing else


class BadPolicy(Exception):
    __module__ = "builtins"


def act(observation, rng):
    raise BadPolicy("there is no policy")
