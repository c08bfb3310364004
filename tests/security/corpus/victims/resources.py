"""A bystander: an environment that asks the kernel for what it counts per user of the machine, so that a neighbour who uses
it up changes its record, or ends it.
"""

import ctypes
import os
import select
import signal

import gymnasium as gym
import numpy as np

GET_PIPE_SIZE = 1032
PIPES, WATCHED, QUEUED, TIMERS = 4, 40, 20, 8
libc = ctypes.CDLL(None, use_errno=True)


class Resources(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(0, np.inf, (5,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        return self._observe(), 1.0, self.steps == 3, False, {}

    def _observe(self) -> np.ndarray:
        had = [pipe_bytes(), watches(), queued_signals(), timers(), files()]
        return np.array(had, np.float64)


def pipe_bytes() -> int:
    """What some pipes hold before a write would wait."""
    held = 0
    for _ in range(PIPES):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                held += os.write(writer, bytes(4096))
        except BlockingIOError:
            pass
        os.close(reader)
        os.close(writer)
    return held


def watches() -> int:
    """How many descriptors it may watch."""
    ends = [os.eventfd(0) for _ in range(WATCHED)]
    with select.epoll() as poll:
        for end in ends:
            poll.register(end)
    for end in ends:
        os.close(end)
    return len(ends)


def queued_signals() -> int:
    """How many signals may wait for it; they are taken back before they come."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
    done = sum(libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None) == 0 for _ in range(QUEUED))
    while signal.SIGRTMIN in signal.sigpending():
        signal.sigwait([signal.SIGRTMIN])
    return done


def timers() -> int:
    """How many timers it may have: each has a signal set aside."""
    ids = [ctypes.c_void_p() for _ in range(TIMERS)]
    made = [each for each in ids if libc.timer_create(1, None, ctypes.byref(each)) == 0]
    for each in made:
        libc.timer_delete(each)
    return len(made)


def files() -> int:
    """Files in its own folder."""
    for number in range(20):
        with open(f"/tmp/own{number}", "w") as file:
            file.write("own")
    names = sorted(os.listdir("/tmp"))
    return sum(len(name) for name in names)
