"""Re-keys a state by one integer: the same state with another future.

Theory of operation. A branch may go on with other random numbers than its parent would have. Then every generator that
can be found is put into a state that follows from the rollout's seed, the step, the integer and the generator's place:
those of the process (`random`, `numpy.random`), those of the environment, its wrappers, the environments in it and the
spaces, and the streams of the built-in policies. The sealed world's entropy is re-keyed too, so that a generator which is
made later, or draws from the operating system, follows. Each is changed where it is, because others may hold it.

Found is what can be reached from the environment and its spaces by attributes, the items of lists, tuples and dicts, the
closures of functions and the objects of bound methods, and what the modules and classes on the way hold directly. Nothing of the environment is
called, and nothing is made: a space without a generator still has none.

docs/seeds.md says what follows from what. Both engines of branching (a copy of the process, and a replay) come here.
"""

from __future__ import annotations

import functools
import random
import sys
import types
from collections import deque
from collections.abc import Iterator, Mapping

from ..recording.canonical_tags import module_name
from ..world import sealed
from .seeds import reseed_key

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_SEED_BYTES = 16
# How many things are looked at: a state of hundreds of megabytes is not searched to its end.
_MOST_VISITS = 1_000_000
_PLAIN = (int, float, complex, str, bytes, bytearray, bool, type(None), types.ModuleType, type)
_SEQUENCES = (list, tuple, deque)
_NUMPYS: tuple[type, ...] = ()
if np is not None:
    _PLAIN += (np.ndarray, np.generic)
    _NUMPYS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState)


class Keys:
    """What everything of one rollout is re-keyed with."""

    def __init__(self, seed: int, step: int, reseed: int) -> None:
        self._seed = seed
        self.step = step
        self.reseed = reseed

    def key(self, role: str) -> bytes:
        """32 bytes for a role."""
        return reseed_key(role, self._seed, self.step, self.reseed)

    def number(self, role: str) -> int:
        """128 bits for a role."""
        return int.from_bytes(self.key(role)[:_SEED_BYTES], "big")

    def seat(self, name: str) -> int:
        """What a seat's stream is seeded with."""
        return self.number(f"seat/{name}")


def reseed(keys: Keys, stage: object) -> list[str]:
    """Re-keys the process, the environment and its world; returns the places of generators that could not be."""
    sealed.rekey(keys.key("world/referee"))
    known: set[int] = set()
    stuck: list[str] = []
    for name, generator in _globals():
        known.add(id(generator))
        # Where nothing is left to chance they were never seeded, and stay as they are.
        if getattr(stage, "draws", True) and not _rekey(generator, keys.number(name)):
            stuck.append(name)
    for place, generator in _found(stage.roots(), known):
        if not _rekey(generator, keys.number(f"generator/{place}")):
            stuck.append(place)
    return stuck


def _is(value: object, kinds: type | tuple[type, ...]) -> bool:
    """`isinstance`, without asking the object itself what it is."""
    return issubclass(type(value), kinds)


def _is_generator(value: object) -> bool:
    return type(value) is random.Random or _is(value, _NUMPYS)


def _globals() -> Iterator[tuple[str, object]]:
    yield "random", random._inst
    if np is not None:
        yield "numpy", np.random.mtrand._rand


def _rekey(generator: object, number: int) -> bool:
    """Puts a generator into the state of a new one of its kind with this seed; False where none can be made."""
    if type(generator) is random.Random:
        generator.seed(number)
        return True
    try:
        if isinstance(generator, np.random.RandomState):
            bits = type(generator._bit_generator)(np.random.SeedSequence(number))
            # Also what it holds beside its bits: a spare Gaussian.
            generator.set_state(np.random.RandomState(bits).get_state(legacy=False))
            return True
        bits = generator.bit_generator if isinstance(generator, np.random.Generator) else generator
        fresh = type(bits)(np.random.SeedSequence(number))
        # With the sequence it came from, from which `spawn()` makes others.
        bits.__setstate__((fresh.state, fresh.seed_seq))
    except Exception:
        return False
    return True


def _found(roots: list[tuple[str, object]], known: set[int]) -> Iterator[tuple[str, object]]:
    """Every generator that is reached from the roots, with the first place it is reached at."""
    waiting = deque(roots)
    # Kept alive: an object that is gone would give its number to another.
    kept = []
    visits = 0
    while waiting and visits < _MOST_VISITS:
        place, value = waiting.popleft()
        visits += 1
        if _is(value, _PLAIN) or id(value) in known:
            continue
        known.add(id(value))
        kept.append(value)
        if _is_generator(value):
            # Two generators may draw from the same bits.
            bits = getattr(value, "bit_generator", None)
            if bits is None or id(bits) not in known:
                known.add(id(bits))
                yield place, value
            continue
        waiting.extend((f"{place}/{name}", part) for name, part in _parts(value, known) if not _is(part, _PLAIN))


def _parts(value: object, known: set[int]) -> Iterator[tuple[str, object]]:
    if _is(value, dict):
        for at, (key, part) in enumerate(dict.items(value)):
            yield (repr(key) if type(key) in (str, int) else f"#{at}"), part
    elif _is(value, _SEQUENCES):
        for at, part in enumerate(value):
            yield str(at), part
    elif _is(value, types.FunctionType):
        yield from _of_function(value, known)
        return
    elif _is(value, types.MethodType):
        yield "__self__", value.__self__
        yield "__func__", value.__func__
        return
    elif _is(value, functools.partial):
        yield "func", value.func
        yield "args", value.args
        yield "keywords", value.keywords
        return
    yield from _attributes(value, known)


def _of_function(function: types.FunctionType, known: set[int]) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not filled yet
            pass
    if function.__defaults__:
        yield "__defaults__", function.__defaults__
    if function.__kwdefaults__:
        yield "__kwdefaults__", function.__kwdefaults__
    if type(function.__module__) is str:
        yield from _of_module(function.__module__, known)


def _attributes(value: object, known: set[int]) -> Iterator[tuple[str, object]]:
    kind = type(value)
    for base in kind.__mro__:
        module = module_name(base)
        if module == "builtins":
            continue
        for name, member in vars(base).items():
            if type(member) is types.MemberDescriptorType:
                try:
                    yield name, member.__get__(value, kind)
                except AttributeError:  # not set
                    pass
        yield from _of_namespace(base.__qualname__, vars(base), base, known)
        yield from _of_module(module, known)
    try:
        # Not as the object would have it, whose class may answer with anything.
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    if type(own) is dict:
        yield from own.items()


def _of_module(name: str, known: set[int]) -> Iterator[tuple[str, object]]:
    module = sys.modules.get(name)
    if module is not None:
        yield from _of_namespace(name, vars(module), module, known)


def _of_namespace(name: str, namespace: Mapping, owner: object, known: set[int]) -> Iterator[tuple[str, object]]:
    """The generators that a class or a module holds directly; each is looked at once."""
    if id(owner) in known:
        return
    known.add(id(owner))
    for key, part in list(namespace.items()):
        if _is_generator(part):
            yield f"{name}.{key}", part
