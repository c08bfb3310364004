"""Tag numbers, heads and errors that the canonical encoder and decoder share.

docs/trajectory-format.md, section 1, is the specification.
"""

from __future__ import annotations

import struct

MAX_DEPTH = 64
MAX_DIMENSIONS = 64
# One value: no frame is longer.
MAX_BYTES = 64 << 20
# Heads in one value: nested values, tags and map keys included.
MAX_ITEMS = 1 << 22
# An array in memory, where sizes of 0 count as 1.
MAX_ARRAY_BYTES = (1 << 31) - 1

TAG_BIG_POSITIVE = 2
TAG_BIG_NEGATIVE = 3
TAG_ARRAY = 40
TAG_SET = 258

_PRIVATE = 0x53530000
TAG_TUPLE = _PRIVATE + 1
TAG_FROZENSET = _PRIVATE + 2
TAG_PAIRS = _PRIVATE + 3
TAG_NAMED_TUPLE = _PRIVATE + 4
TAG_DATACLASS = _PRIVATE + 5
TAG_ENUM = _PRIVATE + 6
TAG_BOOL_ELEMENTS = _PRIVATE + 7
TAG_TEXT_ELEMENTS = _PRIVATE + 8
TAG_BYTES_ELEMENTS = _PRIVATE + 9
TAG_OPAQUE = _PRIVATE + 10
TAG_TYPED = _PRIVATE + 11

# numpy's kind and item size -> the typed-array tag of RFC 8746, little-endian.
NUMERIC_TAGS = {
    ("u", 1): 64,
    ("u", 2): 69,
    ("u", 4): 70,
    ("u", 8): 71,
    ("i", 1): 72,
    ("i", 2): 77,
    ("i", 4): 78,
    ("i", 8): 79,
    ("f", 2): 84,
    ("f", 4): 85,
    ("f", 8): 86,
}

CANONICAL_NAN = bytes.fromhex("fb7ff8000000000000")


class CanonicalError(ValueError):
    """A value without a canonical encoding; `path` names where it sits.

    `is_unknown`: an object of a type that nobody has told how to write; the text then names the ways out.
    """

    def __init__(self, reason: str, is_unknown: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self._is_unknown = is_unknown
        self._inner: list[str] = []

    def inside(self, part: str) -> CanonicalError:
        """Notes, on the way out, one step of the path, such as `.owner` or `[3]`."""
        self._inner.append(part)
        return self

    @property
    def path(self) -> str:
        return "".join(reversed(self._inner))

    def __str__(self) -> str:
        text = f"{self.path or 'the value'}: {self.reason}"
        if not self._is_unknown:
            return text
        key = self.path[len("info.") :].split(".")[0].split("[")[0] if self.path.startswith("info.") else ""
        leave = f"keep it out of the chain with volatileInfo (--volatile-info {key}), " if key else ""
        return (
            f"{text}; return a plain value instead (from a class of your own around the environment, in FILE.py:Class), "
            f"{leave}or define encode(value) in the environment's file, which turns such an object into a plain value"
        )


class DecodeError(ValueError):
    """Bytes that are not the canonical encoding of one value."""


class ForeignTuple(tuple):
    """A decoded named tuple whose class is not at hand; encodes back to the same bytes."""

    type_name: str
    fields: tuple[str, ...]

    def __new__(cls, type_name: str, fields: tuple[str, ...], values: list) -> ForeignTuple:
        self = super().__new__(cls, values)
        self.type_name = type_name
        self.fields = fields
        return self

    def __getattr__(self, name: str) -> object:
        if not name.startswith("__") and name in self.fields:
            return self[self.fields.index(name)]
        raise AttributeError(name)


class ForeignDataclass:
    """A decoded dataclass instance whose class is not at hand; its fields are attributes."""

    def __init__(self, type_name: str, fields: dict) -> None:
        self.__dict__.update(fields)
        # The names live outside the attributes so that no field can shadow them.
        self.__dict__[" type"] = type_name


class ForeignEnum:
    """A decoded enum member whose class is not at hand."""

    def __init__(self, type_name: str, name: str | None, value: object) -> None:
        self.type_name = type_name
        self.name = name
        self.value = value


class ForeignTyped:
    """A decoded instance of a subclass, or of a type that a hook took apart, whose class is not at hand.

    It equals nothing but itself: how its class compares is not known.
    """

    def __init__(self, type_name: str, value: object) -> None:
        self.type_name = type_name
        self.value = value


class Opaque:
    """Stands for a value that had no encoding; only VOLATILE frames hold it."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name


_SHORT_HEADS = [bytes((first,)) for first in range(256)]


def head(major: int, argument: int) -> bytes:
    """The shortest head of a major type (0..7) with its argument (0 to 2^64-1)."""
    first = major << 5
    if argument < 24:
        return _SHORT_HEADS[first | argument]
    if argument < 0x100:
        return bytes((first | 24, argument))
    if argument < 0x10000:
        return struct.pack(">BH", first | 25, argument)
    if argument < 0x100000000:
        return struct.pack(">BI", first | 26, argument)
    return struct.pack(">BQ", first | 27, argument)


def type_name(cls: type) -> str:
    """`module.qualified_name` of a class, read without running the class's own code."""
    module = module_name(cls)
    qualified = type.__getattribute__(cls, "__qualname__")
    return f"{module}.{qualified}" if module else qualified


def module_name(cls: type) -> str:
    """The module of a class, read without running the class's own code; empty for one that was made without any.

    A C extension may make such classes (SWIG does), and so may `type()` where the globals have no `__name__`: reading
    their `__module__` raises.
    """
    try:
        module = type.__getattribute__(cls, "__module__")
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def key_part(key: object) -> str:
    """How a map key appears in a path; a key of an unknown type by its type name only."""
    if type(key) is str:
        return f".{key}" if key.isidentifier() and len(key) <= 80 else f"[{ascii(key[:80])}]"
    if type(key) in (int, bool) and -(1 << 64) < key < 1 << 64:
        return f"[{key}]"
    return f"[{type_name(type(key))} key]"
