"""Writes tests/golden/canonical-vectors.json: values, what they are, and their canonical bytes.

Run with PYTHONPATH=python in an interpreter with numpy: `python3 scripts/record-canonical-vectors.py`. The encodings
are part of trajectory format 1: a vector that changes is a new format, not a new file.
"""

import json
import os
import sys
from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import VOLATILE, decode
from sameseed.recording.canonical_tags import Opaque

TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "golden", "canonical-vectors.json")

Point = namedtuple("Point", "x y")
Point.__module__ = "vectors"


@dataclass
class Card:
    suit: str
    rank: int


class Side(Enum):
    LEFT = "l"


class Level(IntEnum):
    HIGH = 3


class Word(str):
    pass


class Score(int):
    pass


class Bag(dict):
    pass


class Frame(np.ndarray):
    pass


class Corner(Point):
    pass


for named in (Card, Side, Level, Word, Score, Bag, Frame, Corner):
    named.__module__ = "vectors"
    named.__qualname__ = named.__name__

INTEGERS = [
    0,
    1,
    23,
    24,
    255,
    256,
    65535,
    65536,
    2**32 - 1,
    2**32,
    2**53 - 1,
    2**53,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    2**64,
    2**128,
]
NEGATIVE = [
    -1,
    -24,
    -25,
    -256,
    -257,
    -65536,
    -65537,
    -(2**32),
    -(2**32) - 1,
    -(2**53),
    -(2**63),
    -(2**63) - 1,
    -(2**64),
    -(2**64) - 1,
    -(2**128),
]
FLOATS = [0.0, -0.0, 1.0, 0.1, -1.5, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]
DTYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 bool".split()


def scalars():
    yield "none", None, "null"
    yield "true", True, "a bool is not an integer"
    yield "false", False, ""
    for number in INTEGERS + NEGATIVE:
        yield f"int {number}", number, "bignum tag" if not -(2**64) <= number < 2**64 else ""
    for number in FLOATS:
        yield f"float {number!r}", number, "Python float: always 9 bytes"
    for text in ("", "a", "ü", "水", "\U0001f600", "x" * 24, "e\u0301"):
        yield f"text {text[:4]}", text, "UTF-8, not normalised" if text == "e\u0301" else ""
    for data in (b"", b"\0\xff", b"x" * 256):
        yield f"bytes of {len(data)}", data, ""


def arrays():
    for name in DTYPES:
        dtype = np.dtype(name)
        yield f"{name} scalar 1", dtype.type(1), "a numpy scalar is a 0-d array"
        yield f"{name} 0-d array", np.array(1, dtype), "the same bytes as the scalar"
        yield f"{name} [0 1]", np.array([0, 1], dtype), ""
    for name in ("float16", "float32", "float64"):
        values = [np.nan, -0.0, np.inf, -np.inf]
        yield f"{name} specials", np.array(values, name), "NaN, -0.0, Inf, -Inf"
        yield f"{name} NaN scalar", np.dtype(name).type(np.nan), "canonical NaN"
    yield "float32 0.1", np.float32(0.1), "not the float64 0.1"
    yield "float64 0.1", np.float64(0.1), "not the Python float 0.1"
    yield (
        "float64 NaN payload",
        np.frombuffer(bytes.fromhex("010000000000f8ff"), "<f8"),
        "canonicalised to 7ff8000000000000",
    )
    yield "int64 extremes", np.array([-(2**63), 2**63 - 1]), ""
    yield "uint64 maximum", np.array([2**64 - 1], np.uint64), ""
    yield "Fortran order", np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)), "C order in the bytes"
    yield "big-endian", np.array([1, 2], ">i4"), "little-endian in the bytes"
    yield "3-d", np.arange(8, dtype=np.uint8).reshape(2, 2, 2), ""
    yield "empty (0,)", np.zeros(0, np.float32), ""
    yield "empty (0, 3)", np.zeros((0, 3)), "the shape is kept"
    yield "uint8 300", np.arange(300, dtype=np.uint16).astype(np.uint8), "a two-byte length"
    yield "text array", np.array(["a", "bcd", ""]), "width 3"
    yield "text scalar", np.str_("é"), ""
    yield "byte-string array", np.array([b"a", b"bcd"]), ""


def containers():
    yield "empty list", [], ""
    yield "empty tuple", (), ""
    yield "empty map", {}, ""
    yield "empty set", set(), ""
    yield "empty frozenset", frozenset(), ""
    yield "list", [1, [2, [3]]], ""
    yield "tuple", (1, "a"), "a tuple is not a list"
    yield "list of 24", list(range(24)), ""
    yield "set", {3, 1, 2, "a", -1}, "sorted by encoding"
    yield "set of tuples", {(1, 2), (1,), ()}, ""
    yield "frozenset", frozenset({1, 2}), ""
    yield "map", {"b": 1, "aa": 2, "a": 3}, "keys sorted by encoding: a, b, aa"
    yield "map, other insertion order", {"aa": 2, "a": 3, "b": 1}, "the same bytes"
    yield "ordered map", OrderedDict([("b", 1), ("a", 2)]), "as a map"
    yield "map with integer keys", {1: "x", -1: "y", 0: "z"}, "pairs"
    yield "map with mixed keys", {"a": 1, 2: 3, (1, 2): None, 0.5: True}, "pairs"
    yield "named tuple", Point(1, [2]), ""
    yield "dataclass", Card("hearts", 12), ""
    yield "enum", Side.LEFT, ""
    yield "int enum", Level.HIGH, "an enum, not an integer"
    yield "subclass of str", Word("a"), "typed: the type's name and the base value"
    yield "subclass of int", [Score(-1), Score(2**70)], ""
    yield "subclass of dict", Bag(b=1, a=Word("x")), ""
    yield "subclass of ndarray", np.arange(2, dtype=np.uint8).view(Frame), ""
    yield "subclass of a named tuple", Corner(1, 2), ""
    yield "map with keys of a subclass", {Word("a"): 1}, "pairs"
    yield "counter", Counter("aab"), "a subclass of dict"
    yield "opaque", Opaque("vectors.Thing"), "only in VOLATILE frames"
    dict_observation = {"position": np.array([-0.5, 0.25], np.float32), "inner": {"count": np.int64(3), "name": "x"}}
    yield "dict observation", dict_observation, "a nested Dict space"
    yield "tuple observation", (np.int64(1), (np.float32(0.5), np.array([True]))), "a nested Tuple space"


def main() -> None:
    vectors = []
    for name, value, note in [*scalars(), *arrays(), *containers()]:
        data = encode(value)
        if encode(decode(data, VOLATILE)) != data:
            sys.exit(f"{name} does not survive a round trip")
        vectors.append({"name": name, "hex": data.hex(), "note": note})
    with open(os.path.normpath(TARGET), "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=2, ensure_ascii=True)
        file.write("\n")


if __name__ == "__main__":
    main()
