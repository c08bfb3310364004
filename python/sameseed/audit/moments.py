"""Lets a trace begin later than its program: where the episode resets, or at one of its steps.

A trace holds so many entries and no more. Where an environment computes more than that before the step that differs, its
rollout is traced again from a later moment. Until then it runs without the tracer, at its own speed.
"""

from __future__ import annotations

from functools import wraps
from itertools import count
from typing import Any, Callable

from ..play.one_agent import OneAgent
from ..play.referee import _Episode
from ..play.together import Together
from ..play.turn_taking import TurnTaking
from ..policy import seat_host


def at_moment(step: int, begin: Callable[[int], None]) -> None:
    """Calls `begin` with it once, right before the reset (0) or that step of the episode; in a policy, before its answer to that step."""
    waiting = [begin]

    def once() -> None:
        if waiting:
            waiting.pop()(step)

    if step == 0:
        for stage in (OneAgent, Together, TurnTaking):
            _before(stage, "reset", lambda *_: once())
    else:
        _before(_Episode, "_step", lambda episode, *_: once() if episode.steps + 1 >= step else None)
    _before(seat_host, "serve", lambda *_, mode, **__: _in_policy(step, mode, once))


def _in_policy(step: int, mode: str, once: Callable[[], None]) -> None:
    # Each answer of one that forgets is given by a process of its own, in which nothing comes before it.
    if step == 0 or mode == "restart":
        once()
        return
    answers = count(1)
    _before(seat_host, "answered", lambda *_: once() if next(answers) >= step else None)


def _before(owner: Any, name: str, act: Callable[..., None]) -> None:
    """Has `act` called with whatever the function is called with, before it."""
    function = getattr(owner, name)

    @wraps(function)
    def both(*args: Any, **kwargs: Any) -> Any:
        act(*args, **kwargs)
        return function(*args, **kwargs)

    setattr(owner, name, both)
