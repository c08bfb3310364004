# runs-as: policy
# limits: wallMs=700
# expects: end: wall_limit by policy limit
# why: who thinks for ever has lost by the clock, and the environment is not to blame
from kit import stay


def act(observation, rng):
    stay()
