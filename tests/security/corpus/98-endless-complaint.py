# runs-as: policy
# limits: cpuMs=700
# expects: end: cpu_limit by policy limit
# why: whoever tells of an exception asks it for its text; one that never ends must use up its own time and nobody else's


class Complaint(Exception):
    def __str__(self):
        while True:
            pass


def act(observation, rng):
    raise Complaint
