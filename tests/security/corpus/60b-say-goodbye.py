# runs-as: policy
# expects: end: policy_error by policy SystemExit
# why: leaving politely is leaving


def act(observation, rng):
    raise SystemExit(0)
