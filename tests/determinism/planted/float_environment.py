"""Uses a library that changes how the processor rounds, and computes much later."""

import ctypes


def quotient(a, b):
    return (a / b).hex()  # planted


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        # What a library does that was built to be fast: the direction of rounding stays changed for everybody.
        ctypes.CDLL("libm.so.6").fesetround(0x800)
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 6:
            observation = quotient(1.0, 3.0)
        return observation, 1.0, self.count == 8, False, {}
