# runs-as: policy
# limits: cpuMs=2500
# expects: die sooner: EACCES
# expects: end: cpu_limit by policy limit
# why: a policy that loses must not get another try by an end that looks like the host's doing
import resource

from kit import attempt

moves = 0


def act(observation, rng):
    global moves
    moves += 1
    if moves > 3:
        attempt("die sooner", lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 1)))
        while True:
            pass
    return moves % 2
