"""Strict decoding of numpy arrays and scalars, for the decoder in `canonical_decode`.

Theory of operation. The elements of a numeric array are there byte by byte, so its memory is that of its bytes. Texts
and byte strings are padded to their width, which a few bytes may claim to be gigabytes: where the profile does not trust
the sender, all such arrays of one value share an allowance that grows with the bytes. An array without elements takes no
memory, but numpy multiplies its other sizes as well and refuses what is too large, so they are bounded in the same way.
"""

from __future__ import annotations

import math

from .canonical_tags import (
    MAX_ARRAY_BYTES,
    MAX_DIMENSIONS,
    NUMERIC_TAGS,
    TAG_BOOL_ELEMENTS,
    TAG_BYTES_ELEMENTS,
    TAG_TEXT_ELEMENTS,
    DecodeError,
)

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_DTYPES = {tag: f"<{kind}{size}" for (kind, size), tag in NUMERIC_TAGS.items()}
# numpy 1 has no arrays of more than 32 dimensions.
_MAX_DIMENSIONS = 32 if np is not None and np.__version__.startswith("1.") else MAX_DIMENSIONS


def read_array(reader: object, depth: int) -> object:
    """Reads the content of the array tag; a scalar is the array of shape []."""
    reader.fixed(depth, 2)
    shape = _shape(reader, depth + 1)
    major, tag = reader.head()
    if major != 6 or depth + 2 > reader.max_depth:
        raise DecodeError("an array without typed elements, or nested too deep")
    if np is None:
        raise DecodeError("an array, and this image has no numpy")
    if tag in (TAG_TEXT_ELEMENTS, TAG_BYTES_ELEMENTS):
        return _strings(reader, tag, shape, depth + 2)
    array = _numbers(reader, tag, shape).reshape(shape)
    return array if shape else array[()]


def _shape(reader: object, depth: int) -> list[int]:
    rank = reader.count(depth, 4)
    if rank > _MAX_DIMENSIONS:
        raise DecodeError("an array with too many dimensions")
    shape = []
    for _ in range(rank):
        major, size = reader.head()
        if major != 0:
            raise DecodeError("a dimension that is not a length")
        shape.append(size)
    return shape


def _check_size(shape: list[int], element_bytes: int) -> None:
    if math.prod(size for size in shape if size) * element_bytes > MAX_ARRAY_BYTES:
        raise DecodeError("an array that is too large")


def _numbers(reader: object, tag: int, shape: list[int]) -> np.ndarray:
    dtype = np.dtype(bool if tag == TAG_BOOL_ELEMENTS else _DTYPES.get(tag, "V0"))
    major, length = reader.head()
    if dtype.itemsize == 0 or major != 2 or length != math.prod(shape) * dtype.itemsize:
        raise DecodeError("array elements that do not match their shape or type")
    _check_size(shape, dtype.itemsize)
    data = reader.take(length)
    if dtype.kind == "b" and data.translate(None, b"\x00\x01"):
        raise DecodeError("a boolean that is neither 0 nor 1")
    # A copy, because arrays over bytes are read-only and policies may write to what they get.
    array = np.frombuffer(data, dtype).copy()
    if dtype.kind == "f":
        nan = np.isnan(array)
        if nan.any() and np.where(nan, dtype.type(np.nan), array).tobytes() != data:
            raise DecodeError("a NaN that is not the canonical one")
    return array


def _strings(reader: object, tag: int, shape: list[int], depth: int) -> object:
    is_text = tag == TAG_TEXT_ELEMENTS
    count = math.prod(shape)
    reader.fixed(depth, 2)
    major, width = reader.head()
    if major != 0 or width == 0 or reader.count(depth + 1, 4) != count:
        raise DecodeError("array elements that do not match their shape")
    element_bytes = width * 4 if is_text else width
    _check_size(shape, element_bytes)
    items = []
    for _ in range(count):
        major, length = reader.head()
        if major != (3 if is_text else 2):
            raise DecodeError("array elements of different kinds")
        item = reader.utf8(length) if is_text else reader.take(length)
        if len(item) > width or item.endswith("\0" if is_text else b"\0"):
            raise DecodeError("an array element beyond the width, or with trailing zeros")
        items.append(item)
    # numpy takes the memory of one element where there is none.
    reader.pad(element_bytes * max(count, 1))
    array = np.array(items, dtype=f"{'U' if is_text else 'S'}{width}").reshape(shape)
    # A text or byte string shorter than its width cannot be a scalar: a scalar's width is its length, or 1.
    return array[()] if not shape and width == max(len(items[0]), 1) else array
