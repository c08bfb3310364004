# runs-as: policy
# expects: end: policy_error by policy signal
# why: a crash in native code is the policy's fault, and nobody else's process
import ctypes


def act(observation, rng):
    ctypes.string_at(0)
