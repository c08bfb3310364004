# runs-as: policy
# expects: end: illegal_action|policy_error|protocol_error by policy IllegalAction|BadAction|DecodeError|RecursionError
# why: an action nested without end must not exhaust the referee's stack


def act(observation, rng):
    action = []
    for _ in range(10_000):
        action = [action]
    return action
