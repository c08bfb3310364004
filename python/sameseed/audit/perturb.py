"""Changes one thing of the world that a program should not depend on: what `sameseed audit` asks of a sandbox.

It runs in the copy, after the fork and before the job, so that all these worlds share a zygote. What the C shim holds
(clock, entropy, directory order, names…) is not changed here but by its settings.
"""

from __future__ import annotations

import ctypes
import gc
import glob
import locale
import os
import random
import sys
import time
from typing import Any, Callable

from ..recording import recorder

_EARLIER_STEPS = 5
# FE_DFL_ENV: glibc's name for the floating-point environment a program starts with.
_DEFAULT_FLOATS = ctypes.c_void_p(-1)

# What must stay where it is for as long as the process lives.
_kept: list[Any] = []
# Decides which places are taken, where memory lies otherwise; empty where it does not.
_places: list[random.Random] = []
# How many functions of a trace that is done for; each leaves some kilobytes for good.
_MOST_TRACED = 200
_traced = 0


def apply(changes: dict[str, Any]) -> None:
    """Makes each of the named changes but those that start threads.

    It is called before the world begins, so that what it asks is not seen by that world's clock. A name that is unknown
    is an error, because a change nobody makes proves nothing.
    """
    for name, value in changes.items():
        if name not in _THREADED:
            _CHANGES[name](value)


def start_threads(changes: dict[str, Any]) -> None:
    """Makes the changes that start threads, which must belong to the world that has begun."""
    for name in _THREADED:
        if name in changes:
            _THREADED[name](changes[name])


def _variables(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    # The unchanged home can be written to: a program that makes a folder in its home depends on no name.
    os.makedirs(os.environ.get("HOME", "/tmp"), exist_ok=True)
    time.tzset()


def _locale(name: str) -> None:
    os.environ.update(LANG=name, LC_ALL=name)
    locale.setlocale(locale.LC_ALL, name)


def _folder(path: str) -> None:
    os.makedirs(path, exist_ok=True)
    os.chdir(path)


def _descriptors(count: int) -> None:
    _kept.append([os.open("/dev/null", os.O_RDONLY) for _ in range(count)])


def _heap(salt: int) -> None:
    """Leaves holes of every size in an order of its own, so that what is allocated next lies elsewhere."""
    shuffle = random.Random(salt)
    # Plain objects of every size class, and what is larger than those; half of each goes again.
    blocks: list[Any] = [bytes(size) for size in range(1, 480, 16) for _ in range(200)]
    blocks += [bytearray(shuffle.randrange(513, 9000)) for _ in range(200)]
    blocks += [_Plain(number) for number in range(2000)]
    shuffle.shuffle(blocks)
    _kept.append(blocks[: len(blocks) // 2])
    del blocks[: len(blocks) // 2]
    while blocks:
        blocks.pop()
    _scatter(shuffle)


def _scatter(chance: random.Random) -> None:
    """Takes some of the next free places before each step: what was freed since the start would be taken again as it was."""
    _places.append(chance)
    encode = recorder.Recorder.action

    def action(self: recorder.Recorder, value: object) -> bytes:
        encoded = encode(self, value)
        take_places()
        return encoded

    recorder.Recorder.action = action  # type: ignore[method-assign]


def take_places() -> None:
    """Takes some of the next free places of every size, where memory is to lie otherwise."""
    for chance in _places:
        # Nothing the collector counts: when it runs is another factor's.
        _kept.extend(bytes(size) for size in range(1, 480, 16) for _ in range(chance.randrange(1, 4)))


def take_places_of_trace() -> None:
    """The same for what traces functions: what it gives back as one ends is what the program's next object takes."""
    global _traced
    if _traced < _MOST_TRACED:
        _traced += 1
        take_places()


class _Plain:
    def __init__(self, number: int) -> None:
        self.number = number


def _blas_threads(count: int) -> None:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return
    beside = os.path.join(os.path.dirname(os.path.dirname(numpy.__file__)), "numpy.libs")
    for path in sorted(glob.glob(os.path.join(beside, "*openblas*"))):
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads"):
            set_threads = getattr(library, name, None)
            if set_threads is not None:
                set_threads(ctypes.c_int(count))
                break


def _default_floats(_: bool) -> None:
    """Puts the floating-point environment back before each step, whatever a library made of it."""
    restore = ctypes.CDLL("libm.so.6").fesetenv

    def before_each_step(env: Any) -> None:
        step = type(env).step

        def fresh(self: Any, *args: Any, **kwargs: Any) -> Any:
            restore(_DEFAULT_FLOATS)
            return step(self, *args, **kwargs)

        type(env).step = fresh

    _when_made(before_each_step)


def _earlier_episode(seed: int) -> None:
    """Plays some steps of another episode in the same environment before the one that is recorded."""

    def play(env: Any) -> None:
        numpy = sys.modules.get("numpy")
        ours = random.getstate()
        # What is traced is the episode that is recorded.
        traced = sys.gettrace()
        sys.settrace(None)
        theirs = None if numpy is None else numpy.random.get_state()
        try:
            env.reset(seed=seed)
            space = getattr(env, "action_space", None)
            for _ in range(_EARLIER_STEPS):
                _, _, terminated, truncated, _ = env.step(0 if space is None else space.sample())
                if terminated or truncated:
                    break
        except Exception:
            # An environment that fails does so again in the episode that is recorded.
            pass
        sys.settrace(traced)
        random.setstate(ours)
        if numpy is not None:
            numpy.random.set_state(theirs)

    _when_made(play)


def _when_made(act: Callable[[Any], None]) -> None:
    """Lets `act` look at the rollout's environment as soon as there is one."""
    from ..play import one_agent, referee

    make = referee.make_stage

    def made(ref: dict, env_args: dict, seats: int) -> object:
        stage = make(ref, env_args, seats)
        if type(stage) is one_agent.OneAgent:
            act(stage.env)
        return stage

    referee.make_stage = made


_CHANGES: dict[str, Callable[[Any], None]] = {
    "variables": _variables,
    "locale": _locale,
    "umask": os.umask,
    "folder": _folder,
    "descriptors": _descriptors,
    "heap": _heap,
    "collector": lambda threshold: gc.set_threshold(threshold, 3, 3),
    "switchInterval": sys.setswitchinterval,
    "defaultFloats": _default_floats,
    "earlierEpisode": _earlier_episode,
}

_THREADED: dict[str, Callable[[Any], None]] = {"blasThreads": _blas_threads}
