# runs-as: policy
# expects: end: protocol_error by policy LinkError
# why: two processes that both answer make two answers
import os


def act(observation, rng):
    os.fork()
    return 0
