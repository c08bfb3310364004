# runs-as: policy
# expects: end: illegal_action|policy_error by policy IllegalAction|BadAction
# why: a number of a hundred thousand digits must cost nobody its arithmetic


def act(observation, rng):
    return 10**100_000
