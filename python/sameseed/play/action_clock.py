"""A clock for one action that is source text: the CPU time of this process, for as long as a `with` block runs.

The kernel's own timer is set, past the sealed world, whose timers follow from what a program asks and so never end a
loop that asks nothing. It fires again and again until the block is left: code that catches the first TimeLimit meets the
next. Code that takes the handler away is ended by the CPU time of its sandbox.
"""

from __future__ import annotations

import signal

try:
    from .._zygote import action_clock as _arm
except ImportError:  # outside an image, where tests run it

    def _arm(microseconds: int) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, microseconds / 1e6, 0.1 if microseconds else 0)


# What the timer's own signal, which is answered in C, is told to Python as.
_SIGNAL = signal.SIGVTALRM


class TimeLimit(BaseException):
    """The time is used up. Not an Exception: what catches those is meant to go on."""


class ActionClock:
    """Raises TimeLimit in a `with` block that uses more CPU time than it may."""

    def __init__(self, time_ms: int) -> None:
        self._us = time_ms * 1000
        self._before: object = signal.SIG_DFL

    def __enter__(self) -> None:
        self._before = signal.signal(_SIGNAL, _raise)
        _arm(self._us)

    def __exit__(self, *raised: object) -> None:
        _arm(0)
        signal.signal(_SIGNAL, self._before)


def _raise(number: int, frame: object) -> None:
    raise TimeLimit
