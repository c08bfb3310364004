# runs-as: policy
# expects: end: policy_error by policy exit
# why: a stream that ends early is the policy's fault, and the game is not void
import os


def act(observation, rng):
    os.close(4)
    os._exit(0)
