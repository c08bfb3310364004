# runs-as: policy
# limits: wallMs=700
# expects[host]: end: wall_limit by policy limit
# expects[sealed]: end: illegal_action by policy IllegalAction
# why: who sleeps for a day has lost by the clock; in a sealed world the day is over at once, and what it answers counts
import time


def act(observation, rng):
    time.sleep(86_400)
