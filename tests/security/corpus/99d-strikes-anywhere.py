# runs-as: environment
# times: 3
# expects[sealed]: seen: same
# expects[host]: seen: any
# expects: end: terminated
# why: an alarm that strikes by the processor's time strikes anywhere; in a sealed world it must strike at the same place each time
import signal

import gymnasium as gym
import numpy as np

from kit import say


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1e9, 1e9, (1,), np.float64)

    def reset(self, *, seed=None, options=None):
        self.steps, self.strikes, self.places = 0, 0, []
        signal.signal(signal.SIGPROF, self.strike)
        signal.signal(signal.SIGVTALRM, self.strike)
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
        return np.zeros(1), {}

    def strike(self, number, frame):
        self.strikes += 1
        self.places.append((number, self.steps, self.count))

    count = 0

    def step(self, action):
        self.steps += 1
        for self.count in range(20_000):
            pass
        done = self.steps == 20
        if done:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            say("seen", f"{self.strikes}-{hash(tuple(self.places))}")
        return np.full(1, float(self.strikes)), 1.0, done, False, {}
