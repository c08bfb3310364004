# runs-as: policy
# expects: end: policy_error by policy exit
# why: who leaves a game that goes badly has lost it, and the record up to there stands
import os

steps = 0


def act(observation, rng):
    global steps
    steps += 1
    if steps == 4:
        os._exit(0)
    return 0
