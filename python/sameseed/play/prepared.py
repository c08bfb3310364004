"""An environment that is made before it is known for which seed: the process then waits to be copied for each rollout.

What a copy plays is what a fresh sandbox plays as long as nothing that making the environment did hangs on the seed. It has
drawn from no generator of the whole process, and it has asked the sealed world only for what follows from the image and from
what the program did before: the clock, files, names. The copy goes on with that clock and those counts, under its own key.
Entropy follows from the seed; what a child process draws nobody counts here; and its number would be given again.

Said over the host's stream, as one line of JSON: `{"reason"}`, or null where copies may be made. What waits for a copy's job
waits in C, as `host_answers.py` says.
"""

from __future__ import annotations

import json
import os
import random

from .. import child
from ..world import sealed
from .host_answers import await_message
from .seeds import np, seed_globals
from .stage import Stage, make_stage

_MAX_JOB = 64 << 20
# What the sealed world answers in the same way under every key.
_SAME_FOR_ALL = frozenset(("clock", "sleep", "wait", "listing", "stat", "cpu", "names", "pid", "thread"))
# What was made, and of what.
_ready: tuple[tuple[dict, dict, int], Stage] | None = None


def serve(*, environment: dict, env_args: dict, seats: int, fd: int) -> None:
    """Makes the environment, tells whether rollouts may begin behind it, and leaves the copy's job to be run next."""
    global _ready
    # As every rollout does first; with which seed shows in nothing where nothing is drawn.
    seed_globals(0)
    lacked = sealed.lacks()
    reason = None
    try:
        _ready = ((environment, env_args, seats), make_stage(environment, env_args, seats))
    except BaseException as error:
        reason = f"making it raises {type(error).__name__}"
    # Nothing before it moves the clock that a fresh sandbox does not move as far.
    reason = reason or _asked()
    if reason is None and _moved():
        reason = "making it draws from a generator of the whole process"
    elif reason is None and sealed.lacks() != lacked:
        reason = "what making it does may hang on real time"
    os.write(fd, json.dumps({"reason": reason}).encode() + b"\n")
    message = await_message(fd, _MAX_JOB)
    if message is not None:
        # Run when this script is left, so that it finds the stack of a fresh sandbox.
        child.following.append(message[1])


def take(environment: dict, env_args: dict, seats: int) -> Stage | None:
    """The environment that was made before; None in a fresh sandbox."""
    global _ready
    if _ready is None:
        return None
    made, stage = _ready
    _ready = None
    sealed.forget()
    if made != (environment, env_args, seats):
        raise RuntimeError("another environment was prepared than the one that is played")
    return stage


def _moved() -> bool:
    found = _states()
    seed_globals(0)
    return found != _states()


def _states() -> tuple[object, ...]:
    # Not by the watchers of recording/generators.py, which would know them then.
    if np is None:
        return (random.getstate(),)
    state = np.random.get_state(legacy=False)
    key = state["state"]["key"].tobytes()
    return (random.getstate(), key, state["state"]["pos"], state["has_gauss"], state["gauss"])


def _asked() -> str | None:
    counted = sealed.asked()
    if counted is None:
        return "the host's world does not tell what making it asks for"
    counts, beside = counted
    kinds = [kind for kind in counts if kind not in _SAME_FOR_ALL]
    if kinds:
        return f"making it asks the world for {', '.join(kinds)}"
    return "real time has a part in what making it asks for" if beside else None
