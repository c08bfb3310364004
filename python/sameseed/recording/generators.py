"""Watches random generators: has one moved, and what is the digest of its state?

Theory of operation. Asking numpy or `random` for a state costs between two and sixty microseconds, and at most steps
nothing has moved. So a watcher compares the generator's memory with what it saw last (a few dozen bytes to 2.5 KiB,
well under a microsecond) and only builds the state when they differ. Whether the memory really is the state is
checked once for each kind of generator, by building the state both ways; where they disagree, watchers of that kind ask
for the public state each time. Digests are always over the public state, so that the two ways give the same bytes.

The checks, the watchers of the two global generators and every ctypes type are made once and kept: the zygote does so
when it warms up, and each page that a copy of it need not touch saves a page fault.

Nothing here may create a generator: gymnasium's `np_random` properties seed themselves from the operating system when
they are read too early, so only plain attributes are looked at.
"""

from __future__ import annotations

import ctypes
import functools
import random
import struct
from collections.abc import Callable

from .canonical import encode
from .canonical_arrays import uint32_array
from .canonical_tags import head

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_WORDS = 624
_RANDOM_BYTES = 4 + 4 * _WORDS
_pair = struct.Struct("<II").unpack


def _text(value: str) -> bytes:
    return head(3, len(value)) + value.encode()


def _unsigned(little_endian: bytes) -> bytes:
    return encode(int.from_bytes(little_endian, "little"))


_types: dict[int, type] = {}


def _memory(address: int, size: int) -> ctypes.Array:
    kind = _types.get(size)
    if kind is None:
        kind = _types[size] = ctypes.c_char * size
    return kind.from_address(address)


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)


def _state_address(bits: np.random.BitGenerator) -> int:
    # The first member of numpy's bitgen_t; `bits.ctypes` has it too, and builds five function types on the way.
    return ctypes.c_uint64.from_address(_capsule_pointer(bits.capsule, b"BitGenerator")).value


class Watcher:
    """Knows one generator; `look()` returns the encoding of its state, the same object while it has not moved.

    This one asks for the public state each time.
    """

    def __init__(self, source: object, state: Callable[[], object]) -> None:
        self.source = source
        self._state = state
        self._encoded = encode(state())

    def look(self) -> bytes:
        encoded = encode(self._state())
        if encoded != self._encoded:
            self._encoded = encoded
        return self._encoded


class PcgWatcher:
    """A numpy Generator over PCG64: 128-bit state and increment behind a pointer, and half a spare draw."""

    _STATE_HEAD = b"\xa4" + _text("state") + b"\xa2" + _text("inc")

    def __init__(self, source: object, bits: np.random.BitGenerator) -> None:
        self.source = source
        # Held, so that the memory stays valid whatever becomes of the generator.
        self._bits = bits
        address = _state_address(bits)
        self._spare = _memory(address + 8, 8)
        self._core = _memory(ctypes.c_uint64.from_address(address).value, 32)
        self._tail = _text("bit_generator") + _text(type(bits).__name__)
        self._seen_core = self._seen_spare = self._start = b""
        self.encoded = b""

    @classmethod
    def fits(cls, kind: type) -> bool:
        """Whether the memory of such bit generators is laid out as expected, with and without a spare draw."""
        probe = np.random.Generator(kind(1))
        watcher = cls(probe, probe.bit_generator)
        for _ in range(3):
            if watcher.look() != encode(probe.bit_generator.state):
                return False
            probe.integers(1 << 32, dtype=np.uint32)
        return True

    def look(self) -> bytes:
        core, spare = self._core.raw, self._spare.raw
        if core != self._seen_core or spare != self._seen_spare:
            # Written out, because a sampled action comes here at every step.
            if core[16:] != self._seen_core[16:]:
                self._start = self._STATE_HEAD + _unsigned(core[16:]) + b"\x65state"
            self._seen_core, self._seen_spare = core, spare
            has_spare, value = _pair(spare)
            state = core[15::-1].lstrip(b"\0")
            state = b"\xc2" + bytes((0x40 | len(state),)) + state if len(state) > 8 else _unsigned(core[:16])
            self.encoded = b"".join(
                (self._start, state, b"\x68uinteger", head(0, value), b"\x6ahas_uint32", head(0, has_spare), self._tail)
            )
        return self.encoded


class RandomWatcher:
    """A `random.Random`: position and 624 words follow the object's header; the spare Gaussian is an attribute."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self._view = _memory(id(source) + object.__basicsize__, _RANDOM_BYTES) if _fits(random.Random) else None
        self._seen: tuple | None = None
        self._encoded = b""

    @classmethod
    def fits(cls, kind: type) -> bool:
        """Whether position and words lie behind the object's header."""
        if kind.__basicsize__ < object.__basicsize__ + _RANDOM_BYTES:
            return False
        probe = kind(1)
        raw = _memory(id(probe) + object.__basicsize__, _RANDOM_BYTES).raw
        return raw[4:] + raw[:4] == struct.pack(f"<{_WORDS + 1}I", *probe.getstate()[1])

    def _from_state(self) -> bytes:
        return struct.pack(f"<{_WORDS + 1}I", *self.source.getstate()[1])

    def look(self) -> bytes:
        words = self._view.raw if self._view is not None else self._from_state()
        spare = self.source.gauss_next
        if (words, spare) != self._seen:
            self._seen = (words, spare)
            internal = words if self._view is None else words[4:] + words[:4]
            parts = (
                _text("version"),
                b"\x03",
                _text("internal"),
                uint32_array(internal),
                _text("gauss_next"),
                encode(spare),
            )
            self._encoded = b"\xa3" + b"".join(parts)
        return self._encoded


class RandomStateWatcher:
    """A numpy RandomState: its bit generator's words, and the spare Gaussian inside the RandomState object itself."""

    def __init__(self, source: np.random.RandomState) -> None:
        self.source = source
        self._bits = source._bit_generator
        start = object.__basicsize__
        self._own = _memory(id(source) + start, type(source).__basicsize__ - start)
        self._words = _memory(_state_address(self._bits), 4 * _WORDS + 4)
        self._seen = (b"", b"")
        self._encoded = b""

    def look(self) -> bytes:
        if self.source._bit_generator is not self._bits:
            return encode(self.source.get_state(legacy=False))
        seen = (self._words.raw, self._own.raw)
        if seen != self._seen:
            self._seen = seen
            self._encoded = encode(self.source.get_state(legacy=False))
        return self._encoded

    @classmethod
    def fits(cls, kind: type) -> bool:
        """Whether a spare Gaussian, drawn and used up again, shows in the memory that is watched."""
        probe = kind(1)
        if type(probe._bit_generator) is not np.random.MT19937:
            return False
        watcher = cls(probe)
        if (
            bytes(watcher._words.raw)
            != probe.get_state(legacy=False)["state"]["key"].tobytes() + watcher._words.raw[-4:]
        ):
            return False
        probe.standard_normal()
        words, own = watcher._words.raw, watcher._own.raw
        probe.standard_normal()
        return watcher._words.raw == words and watcher._own.raw != own


_known: dict[type, bool] = {}


def _fits(kind: type) -> bool:
    """Whether the memory of generators of this type is what the watchers take it for; tried once."""
    fits = _known.get(kind)
    if fits is None:
        if kind is random.Random:
            watcher = RandomWatcher
        else:
            watcher = RandomStateWatcher if kind is np.random.RandomState else PcgWatcher
        fits = _known[kind] = watcher.fits(kind)
    return fits


@functools.cache
def global_watchers() -> dict[str, Watcher | RandomWatcher | RandomStateWatcher]:
    """The watchers of the two generators of the whole process, by the names they have in records."""
    watchers = {"random": watch(random._inst)}
    if np is not None:
        watchers["numpy"] = watch(np.random.mtrand._rand)
    return watchers


def watch(source: object) -> Watcher | PcgWatcher | RandomWatcher | RandomStateWatcher | None:
    """Makes the watcher of a generator; None for anything that is not one."""
    if type(source) is random.Random:
        return RandomWatcher(source)
    if np is None:
        return None
    if isinstance(source, np.random.Generator):
        bits = source.bit_generator
    elif isinstance(source, np.random.BitGenerator):
        bits = source
    elif type(source) is np.random.RandomState:
        if _fits(np.random.RandomState) and type(source._bit_generator) is np.random.MT19937:
            return RandomStateWatcher(source)
        return Watcher(source, lambda: source.get_state(legacy=False))
    else:
        return None
    if type(bits) in (np.random.PCG64, np.random.PCG64DXSM) and _fits(type(bits)):
        return PcgWatcher(source, bits)
    return Watcher(source, lambda: bits.state)


def is_generator(value: object) -> bool:
    """Whether a value is a generator that `watch` knows."""
    if type(value) is random.Random:
        return True
    return np is not None and isinstance(value, (np.random.Generator, np.random.BitGenerator, np.random.RandomState))
