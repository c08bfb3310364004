"""The sealed world, as Sameseed's own Python reaches it through `_zygote`. In the host's world nothing here does anything.

The ledger says what a program asked of the world since the last boundary between two steps: counts by kind. It is taken
before anything is recorded, so that what the recorder does is no part of it. Counts that hang on the machine's speed are
no part of it either: they are told beside it (native/world/process/racing.c).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from ..recording.canonical_tags import head
from .choosing import uses_choosing

try:
    from .. import _zygote
except ImportError:  # the package's own tests, outside of a zygote
    _zygote = None

# In the order of `enum world_kind` of native/world/world.h.
KINDS = (
    "clock",
    "sleep",
    "wait",
    "entropy",
    "listing",
    "stat",
    "cpu",
    "names",
    "pid",
    "process",
    "thread",
    "socket",
    "device",
    "refused",
)

# A world without a seed of its own: layout version 1, and zeros for what the sealed world has by itself.
_PLAIN_SETTINGS = struct.pack("<I164x", 1)

# Where the key lies in the settings.
_KEY = slice(8, 40)

# The settings this process's world began with; None in the host's world.
_begun: bytes | None = None

# Which count comes when, by the canonical order of map keys, with the key's encoding.
_ENTRIES = tuple(
    (KINDS.index(kind), head(3, len(kind)) + kind.encode()) for kind in sorted(KINDS, key=lambda kind: (len(kind), kind))
)


def _nothing(k: int) -> None:
    return None


_step: Callable[[int], "tuple[tuple[int, ...], tuple[int, ...]] | None"] = getattr(_zygote, "world_step", _nothing)

# What of the last boundary's counts is no part of the ledger.
_beside: dict[str, int] = {}


def name() -> str:
    """`sealed` and what does not hold of it, or `host`: what this process really lives in."""
    say = getattr(_zygote, "world_name", None)
    return "host" if say is None else say()


def lacks() -> list[str]:
    """What of the sealed world does not hold in this process, which may come to light late; empty in the host's world."""
    return name().split(" ")[1:]


def lacks_at_end() -> list[str]:
    """What does not hold of the sealed world at the end of an episode: also what the libraries in use take away."""
    if name() == "host":
        return []
    return lacks() + (["numeric-libraries"] if uses_choosing() else [])


def begin(settings: str | None) -> None:
    """Begins the world of a job: its settings as hex digits, or those of no seed where a sealed zygote is given none.

    Raises RuntimeError where settings are given and there is no sealed world: nothing runs in another world than it was
    meant for.
    """
    global _begun
    start = getattr(_zygote, "world_begin", None)
    if settings is None:
        if start is not None and name() != "host":
            _begun = _PLAIN_SETTINGS
            start(_begun)
        return
    _begun = bytes.fromhex(settings)
    if start is None or not start(_begun):
        raise RuntimeError("the sealed world this job was made for cannot be had here")


def go_on(settings: str) -> None:
    """Goes on as if the world had begun with these settings: of a process that began with the key of no seed and has drawn nothing."""
    global _begun
    _begun = bytes.fromhex(settings)
    if not _zygote.world_go_on(_begun):
        raise RuntimeError("the sealed world this job was made for cannot be had here")


def begin_part(part: int) -> None:
    """Begins the world anew for a part of the job, with an entropy of its own and the clock at its start.

    For a process whose parent has waited for real, and whose clock would otherwise show how long.
    """
    if _begun is not None:
        key = sha256(b"sameseed/part/1\0" + _begun[_KEY] + part.to_bytes(8, "little")).digest()
        _zygote.world_begin(_begun[: _KEY.start] + key + _begun[_KEY.stop :])


def rekey(key: bytes) -> None:
    """Makes the operating system's entropy follow from another key of 32 bytes, from now on."""
    change = getattr(_zygote, "world_rekey", None)
    if change is not None:
        change(key)


def asked() -> tuple[dict[str, int], dict[str, int]] | None:
    """What was asked of the world since the last boundary, and what real time had a part in; None in the host's world.

    Clock and counts can be had again as they are now.
    """
    look = getattr(_zygote, "world_look", None)
    counted = None if look is None else look()
    if counted is None:
        return None
    counts, apart = ({kind: count for kind, count in zip(KINDS, each) if count} for each in counted)
    return counts, apart


def forget() -> None:
    """Sets clock and counts back to when `asked` was called last: what was done since is no part of the program."""
    go_back = getattr(_zygote, "world_return", None)
    if go_back is not None:
        go_back()


@contextmanager
def apart() -> Iterator[None]:
    """What is done inside is no part of the program: clock and counts are behind it what they were before."""
    counted = asked()
    try:
        yield
    finally:
        if counted is not None:
            forget()


def boundary(k: int) -> bytes:
    """Ends step `k`: the encoded ledger of what was asked since the last boundary; empty where nothing was."""
    global _beside
    taken = _step(k)
    if taken is None:
        if _beside:
            _beside = {}
        return b""
    counts, apart = taken
    _beside = {kind: count for kind, count in zip(KINDS, apart) if count}
    return encode_ledger(counts)


def beside() -> dict[str, int]:
    """What real time had a part in of the last boundary's counts, such as clock reads while a child process was at work."""
    return _beside


def encode_ledger(counts: tuple[int, ...]) -> bytes:
    """The canonical encoding of the counts that are not zero, by their kinds."""
    entries = [key + head(0, counts[at]) for at, key in _ENTRIES if counts[at]]
    return head(5, len(entries)) + b"".join(entries) if entries else b""
