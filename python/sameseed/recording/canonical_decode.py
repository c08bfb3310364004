"""The strict decoder: takes back exactly what the canonical encoder writes.

Theory of operation. The bytes may come from an untrusted policy, so every length is checked against what is left
before anything is allocated, nesting is bounded, and whatever is not the one canonical form of its value is refused.
A head decides the form; maps and sets must ascend; typed arrays must match their shape. Every result encodes back to
the same bytes. Types of classes that are not at hand (named tuples, dataclasses, enums) become the Foreign types.
"""

from __future__ import annotations

import math
import struct

from .canonical_tags import (
    CANONICAL_NAN,
    MAX_DEPTH,
    MAX_DIMENSIONS,
    NUMERIC_TAGS,
    TAG_ARRAY,
    TAG_BIG_NEGATIVE,
    TAG_BIG_POSITIVE,
    TAG_BOOL_ELEMENTS,
    TAG_BYTES_ELEMENTS,
    TAG_DATACLASS,
    TAG_ENUM,
    TAG_FROZENSET,
    TAG_NAMED_TUPLE,
    TAG_OPAQUE,
    TAG_PAIRS,
    TAG_SET,
    TAG_TEXT_ELEMENTS,
    TAG_TUPLE,
    DecodeError,
    ForeignDataclass,
    ForeignEnum,
    ForeignTuple,
    Opaque,
)

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_DTYPES = {tag: f"<{kind}{size}" for (kind, size), tag in NUMERIC_TAGS.items()}
_MAX_ARRAY_BYTES = 1 << 31
_SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}


def decode(data: bytes, max_depth: int = MAX_DEPTH) -> object:
    """Decodes one value; raises DecodeError for anything but its canonical encoding."""
    reader = _Reader(data, max_depth)
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


class _Reader:
    def __init__(self, data: bytes, max_depth: int) -> None:
        self.data = data
        self.max_depth = max_depth
        self.position = 0

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise DecodeError("the bytes end in the middle of a value")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def head(self) -> tuple[int, int]:
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

    def simple(self, first: int) -> object:
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

    def pairs(self, depth: int) -> dict:
        result: dict = {}
        encodings = []
        for _ in range(self.count(depth, 4)):
            self.fixed(depth + 1, 2)
            start = self.position
            key = self.value(depth + 2)
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
            return self.array(inner)
        if tag in (TAG_BIG_POSITIVE, TAG_BIG_NEGATIVE):
            return self.big(tag)
        if tag == TAG_TUPLE:
            return tuple(self.items(inner))
        if tag in (TAG_SET, TAG_FROZENSET):
            values = self.elements(inner)
            result = set(values) if tag == TAG_SET else frozenset(values)
            if len(result) != len(values):
                raise DecodeError("elements that are equal in Python")
            return result
        if tag == TAG_PAIRS:
            return self.pairs(inner)
        if tag == TAG_OPAQUE:
            return Opaque(self.text())
        return self.named(tag, inner)

    def big(self, tag: int) -> int:
        major, length = self.head()
        data = self.take(length) if major == 2 else b""
        if len(data) <= 8 or data[0] == 0:
            raise DecodeError("a big integer that is not the shortest")
        magnitude = int.from_bytes(data, "big")
        return magnitude if tag == TAG_BIG_POSITIVE else -1 - magnitude

    def named(self, tag: int, depth: int) -> object:
        if tag == TAG_DATACLASS:
            self.fixed(depth, 2)
            name = self.text()
            return ForeignDataclass(name, self.map(depth + 1))
        if tag not in (TAG_NAMED_TUPLE, TAG_ENUM):
            raise DecodeError(f"tag {tag} does not belong here")
        self.fixed(depth, 3)
        name = self.text()
        if tag == TAG_ENUM:
            member = self.value(depth + 1)
            if member is not None and type(member) is not str:
                raise DecodeError("an enum member whose name is not a text")
            return ForeignEnum(name, member, self.value(depth + 1))
        fields = tuple(self.text() for _ in range(self.count(depth + 1, 4)))
        values = self.items(depth + 1)
        if len(values) != len(fields) or len(set(fields)) != len(fields):
            raise DecodeError("a named tuple whose fields and values do not match")
        return ForeignTuple(name, fields, values)

    def array(self, depth: int) -> object:
        self.fixed(depth, 2)
        rank = self.count(depth + 1, 4)
        if rank > MAX_DIMENSIONS:
            raise DecodeError("an array with too many dimensions")
        shape = []
        for _ in range(rank):
            major, size = self.head()
            if major != 0 or size > _MAX_ARRAY_BYTES:
                raise DecodeError("a dimension that is not a length")
            shape.append(size)
        if math.prod(size for size in shape if size) > _MAX_ARRAY_BYTES:
            raise DecodeError("an array that is too large")
        major, tag = self.head()
        if major != 6 or depth + 2 > self.max_depth:
            raise DecodeError("an array without typed elements, or nested too deep")
        if np is None:
            raise DecodeError("an array, and this image has no numpy")
        flat = self.typed(tag, math.prod(shape), depth + 2)
        array = flat.reshape(shape)
        # A text or byte string shorter than its width cannot be a scalar: a scalar's width is its length.
        scalar = rank == 0 and (array.dtype.kind not in "US" or array[()].nbytes == array.nbytes)
        return array[()] if scalar else array

    def typed(self, tag: int, count: int, depth: int) -> np.ndarray:
        if tag in (TAG_TEXT_ELEMENTS, TAG_BYTES_ELEMENTS):
            return self.strings(tag, count, depth)
        dtype = np.dtype(bool if tag == TAG_BOOL_ELEMENTS else _DTYPES.get(tag, "V0"))
        major, length = self.head()
        if dtype.itemsize == 0 or major != 2 or length != count * dtype.itemsize:
            raise DecodeError("array elements that do not match their shape or type")
        data = self.take(length)
        if dtype.kind == "b" and data.translate(None, b"\x00\x01"):
            raise DecodeError("a boolean that is neither 0 nor 1")
        # A copy, because arrays over bytes are read-only and policies may write to what they get.
        array = np.frombuffer(data, dtype).copy()
        if dtype.kind == "f":
            nan = np.isnan(array)
            if nan.any() and np.where(nan, dtype.type(np.nan), array).tobytes() != data:
                raise DecodeError("a NaN that is not the canonical one")
        return array

    def strings(self, tag: int, count: int, depth: int) -> np.ndarray:
        self.fixed(depth, 2)
        major, width = self.head()
        if major != 0 or width == 0 or count * width * 4 > _MAX_ARRAY_BYTES or self.count(depth + 1, 4) != count:
            raise DecodeError("array elements that do not match their shape")
        is_text = tag == TAG_TEXT_ELEMENTS
        items = []
        for _ in range(count):
            major, length = self.head()
            if major != (3 if is_text else 2):
                raise DecodeError("array elements of different kinds")
            item = self.utf8(length) if is_text else self.take(length)
            if len(item) > width or item.endswith("\0" if is_text else b"\0"):
                raise DecodeError("an array element beyond the width, or with trailing zeros")
            items.append(item)
        return np.array(items, dtype=f"{'U' if is_text else 'S'}{width}")
