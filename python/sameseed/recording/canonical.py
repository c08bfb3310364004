"""The canonical encoder: one value, one sequence of bytes.

Theory of operation. `encode_part` looks the exact type of a value up in a table and calls its encoder; everything
that is not in the table goes through `_encode_other`, which knows enums, named tuples and dataclasses, writes instances of
subclasses with their type's name, and refuses the rest. Exact types are what makes the encoding honest: an `int` subclass
may override whatever it likes.

A refusal is raised where the value is and collects its path while it unwinds, so that the common case pays nothing
for paths. Map keys are sorted by their encodings (`canonical_texts` remembers how). Where the insertion order differs from the sorted one, the keys are noted in `_orders`,
which the recorder folds into the order digest.

docs/trajectory-format.md, section 1, is the specification.
"""

from __future__ import annotations

import dataclasses
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from enum import Enum

from .canonical_arrays import array_encoders
from .canonical_texts import encode_text, key_plan, note_order
from .canonical_types import array_part, is_named_tuple, plain_part
from .canonical_tags import (
    CANONICAL_NAN,
    MAX_DEPTH,
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
    CanonicalError,
    ForeignDataclass,
    ForeignEnum,
    ForeignTuple,
    ForeignTyped,
    Opaque,
    head,
    key_part,
    type_name,
)

__all__ = ["CanonicalError", "encode", "encode_part", "take_orders"]

Encoder = Callable[[object, int], bytes]

_SMALL_INTEGERS = [head(0, n) for n in range(1024)]
_HEADS = {tag: head(6, tag) for tag in (TAG_TUPLE, TAG_FROZENSET, TAG_PAIRS, TAG_SET)}
_pack_float = struct.Struct(">d").pack

_orders: list[bytes] = []


def encode(value: object, name: str = "") -> bytes:
    """Encodes a value; raises CanonicalError, with a path that starts at `name`, where it cannot."""
    mark = len(_orders)
    try:
        return encode_part(value, 0)
    except CanonicalError as error:
        raise error.inside(name) if name else error from None
    finally:
        del _orders[mark:]


def encode_part(value: object, depth: int) -> bytes:
    """Encodes a value that goes inside `depth` containers.

    The recorder's way in: it names paths itself and reads the insertion orders with `take_orders`.
    """
    return _ENCODERS.get(type(value), _encode_other)(value, depth)


def take_orders() -> list[bytes]:
    """The key arrays of the maps not inserted in canonical order since the last call."""
    taken = _orders[:]
    _orders.clear()
    return taken


def _too_deep() -> CanonicalError:
    return CanonicalError(f"nested more than {MAX_DEPTH} deep, or contains itself")


def _encode_int(value: int, depth: int) -> bytes:
    if 0 <= value < 1024:
        return _SMALL_INTEGERS[value]
    magnitude = value if value >= 0 else -1 - value
    if magnitude < 1 << 64:
        return head(0 if value >= 0 else 1, magnitude)
    if depth >= MAX_DEPTH:
        raise _too_deep()
    data = magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big")
    return head(6, TAG_BIG_POSITIVE if value >= 0 else TAG_BIG_NEGATIVE) + head(2, len(data)) + data


def _encode_float(value: float, depth: int) -> bytes:
    return b"\xfb" + _pack_float(value) if value == value else CANONICAL_NAN


def _encode_bytes(value: bytes, depth: int) -> bytes:
    return head(2, len(value)) + value


def _encode_items(items: list | tuple, depth: int) -> bytes:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    parts = [head(4, len(items))]
    append, encoder_of, inner = parts.append, _ENCODERS.get, depth + 1
    try:
        for item in items:
            append(encoder_of(type(item), _encode_other)(item, inner))
    except CanonicalError as error:
        raise error.inside(f"[{len(parts) - 1}]")
    return b"".join(parts)


def _encode_tuple(value: tuple, depth: int) -> bytes:
    return _HEADS[TAG_TUPLE] + _encode_items(value, depth + 1)


def _sorted_elements(value: set | frozenset, depth: int) -> bytes:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    mark = len(_orders)
    try:
        parts = sorted([encode_part(item, depth + 1) for item in value])
    except CanonicalError as error:
        raise error.inside("{element}")
    # The order inside an element of a set says nothing: the elements have none among themselves.
    del _orders[mark:]
    if any(a == b for a, b in zip(parts, parts[1:])):
        raise CanonicalError("a set with two elements of equal encoding has no encoding")
    return head(4, len(parts)) + b"".join(parts)


def _encode_set(value: set, depth: int) -> bytes:
    return _HEADS[TAG_SET] + _sorted_elements(value, depth + 1)


def _encode_frozenset(value: frozenset, depth: int) -> bytes:
    return _HEADS[TAG_FROZENSET] + _sorted_elements(value, depth + 1)


def _encode_dict(value: dict, depth: int) -> bytes:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    if not value:
        return b"\xa0"
    for key in value:
        if type(key) is not str:
            return _encode_pairs(value, depth)
    entries, order = key_plan(tuple(value))
    if order is not None:
        _orders.append(order)
    parts = [head(5, len(entries))]
    append, encoder_of, inner = parts.append, _ENCODERS.get, depth + 1
    key = ""
    try:
        for key, data in entries:
            item = value[key]
            append(data)
            append(encoder_of(type(item), _encode_other)(item, inner))
    except CanonicalError as error:
        raise error.inside(key_part(key))
    return b"".join(parts)


def _encode_pairs(value: dict, depth: int) -> bytes:
    if depth + 3 > MAX_DEPTH:
        raise _too_deep()
    mark = len(_orders)
    key: object = None
    encoded = []
    try:
        for key in value:
            encoded.append(encode_part(key, depth + 3))
        del _orders[mark:]
        pairs = sorted(zip(encoded, value.items()), key=lambda pair: pair[0])
        if any(a[0] == b[0] for a, b in zip(pairs, pairs[1:])):
            raise CanonicalError("a dict with two keys of equal encoding has no encoding")
        order = note_order(encoded)
        if order is not None:
            _orders.append(order)
        parts = [_HEADS[TAG_PAIRS], head(4, len(pairs))]
        for data, (key, item) in pairs:
            parts += (b"\x82", data, encode_part(item, depth + 3))
    except CanonicalError as error:
        raise error.inside(key_part(key))
    return b"".join(parts)


def _encode_named(tag: int, name: str, parts: list, depth: int) -> bytes:
    return head(6, tag) + _encode_items([name, *parts], depth + 1)


def _encode_dataclass(value: object, depth: int) -> bytes:
    cls = type(value)
    try:
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(cls)}
    except AttributeError as error:
        raise CanonicalError(f"a dataclass with an unset field has no encoding ({error})") from None
    return _dataclass_bytes(type_name(cls), fields, depth)


def _dataclass_bytes(name: str, fields: dict, depth: int) -> bytes:
    if depth + 2 > MAX_DEPTH:
        raise _too_deep()
    # Fields have a declared order, so that their insertion order is no sign of anything.
    ordered = dict(sorted(fields.items(), key=lambda item: encode_text(item[0], 0)))
    return head(6, TAG_DATACLASS) + b"\x82" + encode_text(name, 0) + _encode_dict(ordered, depth + 2)


def _encode_foreign_dataclass(value: ForeignDataclass, depth: int) -> bytes:
    fields = dict(value.__dict__)
    return _dataclass_bytes(fields.pop(" type"), fields, depth)


def _encode_foreign_tuple(value: ForeignTuple, depth: int) -> bytes:
    return _encode_named(TAG_NAMED_TUPLE, value.type_name, [list(value.fields), list(value)], depth)


def _encode_foreign_enum(value: ForeignEnum, depth: int) -> bytes:
    return _encode_named(TAG_ENUM, value.type_name, [value.name, value.value], depth)


def _encode_opaque(value: Opaque, depth: int) -> bytes:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    return head(6, TAG_OPAQUE) + encode_text(value.type_name, 0)


def _encode_other(value: object, depth: int) -> bytes:
    cls = type(value)
    if issubclass(cls, Enum):
        return _encode_named(TAG_ENUM, type_name(cls), [value._name_, value._value_], depth)
    if is_named_tuple(cls):
        return _encode_named(TAG_NAMED_TUPLE, type_name(cls), [list(cls._fields), list(value)], depth)
    if dataclasses.is_dataclass(cls) and not issubclass(
        cls, (int, float, str, bytes, list, tuple, dict, set, frozenset)
    ):
        return _encode_dataclass(value, depth)
    if dataclasses.is_dataclass(cls):
        raise CanonicalError(f"objects of type {type_name(cls)}, a dataclass that is a builtin as well, have no encoding")
    # Too deep before the hook is asked: one that returns what it was given would go on for ever.
    if depth >= MAX_DEPTH:
        raise _too_deep()
    return _typed_bytes(type_name(cls), plain_part(value), depth)


def _typed_bytes(name: str, value: object, depth: int) -> bytes:
    if depth + 2 > MAX_DEPTH:
        raise _too_deep()
    return head(6, TAG_TYPED) + b"\x82" + encode_text(name, 0) + encode_part(value, depth + 2)


def _encode_other_array(array: object, depth: int) -> bytes:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    return _typed_bytes("numpy.ndarray", array_part(array), depth)


def _encode_foreign_typed(value: ForeignTyped, depth: int) -> bytes:
    return _typed_bytes(value.type_name, value.value, depth)


_ENCODERS: dict[type, Encoder] = {
    type(None): lambda value, depth: b"\xf6",
    bool: lambda value, depth: b"\xf5" if value else b"\xf4",
    int: _encode_int,
    float: _encode_float,
    str: encode_text,
    bytes: _encode_bytes,
    list: _encode_items,
    tuple: _encode_tuple,
    dict: _encode_dict,
    OrderedDict: _encode_dict,
    defaultdict: _encode_dict,
    set: _encode_set,
    frozenset: _encode_frozenset,
    ForeignTuple: _encode_foreign_tuple,
    ForeignDataclass: _encode_foreign_dataclass,
    ForeignEnum: _encode_foreign_enum,
    ForeignTyped: _encode_foreign_typed,
    Opaque: _encode_opaque,
    **array_encoders(_encode_other_array),
}
