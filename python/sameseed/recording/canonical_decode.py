"""The strict decoder: takes back exactly what the canonical encoder writes.

Theory of operation. The bytes may come from an untrusted policy, so every length is checked against what is left
before anything is allocated, nesting is bounded, and whatever is not the one canonical form of its value is refused.
A head decides the form; maps and sets must ascend; typed arrays must match their shape. Every result encodes back to
the same bytes. A profile says which values may come at all. Types of classes that are not at hand (named tuples,
dataclasses, enums) become the Foreign types, where the profile has them.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from .canonical_decode_arrays import read_array
from .canonical_tags import (
    CANONICAL_NAN,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ITEMS,
    TAG_ARRAY,
    TAG_BIG_NEGATIVE,
    TAG_BIG_POSITIVE,
    TAG_DATACLASS,
    TAG_ENUM,
    TAG_FROZENSET,
    TAG_NAMED_TUPLE,
    TAG_OPAQUE,
    TAG_PAIRS,
    TAG_SET,
    TAG_TUPLE,
    TAG_TYPED,
    DecodeError,
    ForeignDataclass,
    ForeignEnum,
    ForeignTuple,
    ForeignTyped,
    Opaque,
)

# First bytes of lists, maps and tags.
_COMPOUND = frozenset(bytes((first,)) for first in range(0x80, 0xE0))
_SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}


class Profile(NamedTuple):
    """Which values may come: one that may not is refused as bytes that break the form are."""

    max_depth: int
    # The longest magnitude of an integer beyond 64 bits.
    max_integer_bytes: int
    # Named tuples, dataclass instances, enum members and instances of other types.
    named: bool
    # Stand-ins for values without an encoding.
    opaque: bool
    # Sets, and dict keys other than numbers of at most 64 bits, texts and byte strings.
    hashed: bool
    # Arrays whose memory is many times their bytes, as it is for texts of a great width.
    spacious: bool
    # Whether what has another type becomes its plain value.
    unwrapped: bool = False


# What a record may hold, and what a VOLATILE frame may.
CHAIN = Profile(MAX_DEPTH, MAX_BYTES, named=True, opaque=False, hashed=True, spacious=True)
VOLATILE = CHAIN._replace(opaque=True)
# What a policy is shown, which has none of the environment's types.
SHOWN = CHAIN._replace(unwrapped=True)
# What a policy may send: values of Python's and numpy's own types, which run no code of the sender and offer numpy no
# memory to read, and of which none takes much more memory or time than its bytes. What is hashed can be made to collide.
# The decimal text of the longest integer is shorter than the 4,300 digits above which Python refuses to make it.
PLAIN = Profile(32, 1024, named=False, opaque=False, hashed=False, spacious=False)
# By how much the memory of padded arrays may exceed all bytes of the value, where it is bounded.
_MEMORY_PER_BYTE = 64


def decode(data: bytes, profile: Profile = CHAIN) -> object:
    """Decodes one value; raises DecodeError for anything but the canonical encoding of a value of the profile.

    What else may be raised is MemoryError, and RecursionError where the stack is all but used up.
    """
    reader = Reader(data, profile)
    try:
        value = reader.value(0)
    except TypeError:
        raise DecodeError("a set element or a key of a kind that cannot be one") from None
    if reader.position != len(data):
        raise DecodeError(f"{len(data) - reader.position} bytes follow the value")
    return value


def _ascending(encodings: list[bytes]) -> None:
    if any(a >= b for a, b in zip(encodings, encodings[1:])):
        raise DecodeError("elements or keys out of canonical order, or repeated")


class Reader:
    """A cursor over canonical bytes."""

    def __init__(self, data: bytes, profile: Profile) -> None:
        self.data = data
        self.profile = profile
        self.max_depth = profile.max_depth
        self.position = 0
        self._items = 0
        self._padded = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.position + count
        if end > len(self.data):
            raise DecodeError("the bytes end in the middle of a value")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def head(self) -> tuple[int, int]:
        """The next head: a major type and its argument."""
        self._items += 1
        if self._items > MAX_ITEMS:
            raise DecodeError(f"more than {MAX_ITEMS} values")
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low < 24:
            return major, low
        if low > 27:
            raise DecodeError("an indefinite length or a reserved head")
        size = 1 << (low - 24)
        argument = int.from_bytes(self.take(size), "big")
        if argument < (24 if size == 1 else 1 << (size * 4)):
            raise DecodeError("a head that is not the shortest")
        return major, argument

    def count(self, depth: int, major: int) -> int:
        """The length of the array or map that must come next."""
        if depth >= self.max_depth:
            raise DecodeError(f"nested more than {self.max_depth} deep")
        found, argument = self.head()
        if found != major:
            raise DecodeError(f"major type {found} where {major} belongs")
        # Every element takes at least one byte, so a longer length can be refused at once.
        if argument > len(self.data) - self.position:
            raise DecodeError("a length beyond the end of the bytes")
        return argument

    def value(self, depth: int) -> object:
        """The next value, inside `depth` containers."""
        if self.position >= len(self.data):
            raise DecodeError("the bytes end where a value belongs")
        first = self.data[self.position]
        major = first >> 5
        if major == 4:
            return self.items(depth)
        if major == 5:
            return self.map(depth)
        if major == 7:
            return self.simple(first)
        major, argument = self.head()
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return self.take(argument)
        if major == 3:
            return self.utf8(argument)
        return self.tagged(argument, depth)

    def pad(self, count: int) -> None:
        """Notes the memory of an array whose elements are padded; raises DecodeError where that is too much."""
        self._padded += count
        if not self.profile.spacious and self._padded > _MEMORY_PER_BYTE * len(self.data):
            raise DecodeError("texts or byte strings padded to many times their bytes")

    def simple(self, first: int) -> object:
        self._items += 1
        if first == 0xFB:
            data = self.take(9)
            number = struct.unpack(">d", data[1:])[0]
            if number != number and data != CANONICAL_NAN:
                raise DecodeError("a NaN that is not the canonical one")
            return number
        self.take(1)
        if first not in _SIMPLE:
            raise DecodeError("a simple value or short float that is never written")
        return _SIMPLE[first]

    def utf8(self, length: int) -> str:
        """The content of a text of so many bytes."""
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise DecodeError("text that is not UTF-8") from None

    def text(self) -> str:
        major, argument = self.head()
        if major != 3:
            raise DecodeError("something else where a text belongs")
        return self.utf8(argument)

    def items(self, depth: int) -> list:
        return [self.value(depth + 1) for _ in range(self.count(depth, 4))]

    def fixed(self, depth: int, count: int) -> None:
        """Takes the head of an array that must have so many items."""
        if self.count(depth, 4) != count:
            raise DecodeError(f"an array that must have {count} items has another number")

    def map(self, depth: int) -> dict:
        result: dict = {}
        keys = []
        for _ in range(self.count(depth, 5)):
            start = self.position
            key = self.text()
            keys.append(self.data[start : self.position])
            result[key] = self.value(depth + 1)
        _ascending(keys)
        return result

    def elements(self, depth: int) -> list:
        values, encodings = [], []
        for _ in range(self.count(depth, 4)):
            start = self.position
            values.append(self.value(depth + 1))
            encodings.append(self.data[start : self.position])
        _ascending(encodings)
        return values

    def key(self, depth: int) -> object:
        if not self.profile.hashed and self.data[self.position : self.position + 1] in _COMPOUND:
            raise DecodeError("a key of a kind that does not belong here")
        return self.value(depth)

    def pairs(self, depth: int) -> dict:
        result: dict = {}
        encodings = []
        for _ in range(self.count(depth, 4)):
            self.fixed(depth + 1, 2)
            start = self.position
            key = self.key(depth + 2)
            encodings.append(self.data[start : self.position])
            result[key] = self.value(depth + 2)
        _ascending(encodings)
        if len(result) != len(encodings) or all(type(key) is str for key in result):
            raise DecodeError("pairs that should be a map, or keys that are equal")
        return result

    def tagged(self, tag: int, depth: int) -> object:
        if depth >= self.max_depth:
            raise DecodeError(f"nested more than {self.max_depth} deep")
        inner = depth + 1
        if tag == TAG_ARRAY:
            return read_array(self, inner)
        if tag in (TAG_BIG_POSITIVE, TAG_BIG_NEGATIVE):
            return self.big(tag)
        if tag == TAG_TUPLE:
            return tuple(self.items(inner))
        if tag in (TAG_SET, TAG_FROZENSET) and self.profile.hashed:
            values = self.elements(inner)
            result = set(values) if tag == TAG_SET else frozenset(values)
            if len(result) != len(values):
                raise DecodeError("elements that are equal in Python")
            return result
        if tag == TAG_PAIRS:
            return self.pairs(inner)
        if tag == TAG_OPAQUE and self.profile.opaque:
            return Opaque(self.text())
        if tag in (TAG_DATACLASS, TAG_NAMED_TUPLE, TAG_ENUM, TAG_TYPED) and self.profile.named:
            return self.named(tag, inner)
        raise DecodeError(f"tag {tag} does not belong here")

    def big(self, tag: int) -> int:
        major, length = self.head()
        data = self.take(length) if major == 2 else b""
        if len(data) <= 8 or data[0] == 0:
            raise DecodeError("a big integer that is not the shortest")
        if length > self.profile.max_integer_bytes:
            raise DecodeError(f"an integer of {length} bytes")
        magnitude = int.from_bytes(data, "big")
        return magnitude if tag == TAG_BIG_POSITIVE else -1 - magnitude

    def named(self, tag: int, depth: int) -> object:
        if tag == TAG_DATACLASS:
            self.fixed(depth, 2)
            return ForeignDataclass(self.text(), self.map(depth + 1))
        if tag == TAG_TYPED:
            self.fixed(depth, 2)
            name, value = self.text(), self.value(depth + 1)
            return value if self.profile.unwrapped else ForeignTyped(name, value)
        self.fixed(depth, 3)
        name = self.text()
        if tag == TAG_ENUM:
            if type(member := self.value(depth + 1)) not in (str, type(None)):
                raise DecodeError("an enum member whose name is not a text")
            return ForeignEnum(name, member, self.value(depth + 1))
        fields = tuple(self.text() for _ in range(self.count(depth + 1, 4)))
        values = self.items(depth + 1)
        if len(values) != len(fields) or len(set(fields)) != len(fields):
            raise DecodeError("a named tuple whose fields and values do not match")
        return ForeignTuple(name, fields, values)
