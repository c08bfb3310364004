"""Decodes what it is sent, in each profile, and says what came of it; `describe-value.ts` has the form of a value.

A question is `u32 length | bytes`, an answer `u32 length | JSON`: by profile null where the bytes are refused, a value's
description, or `{"raised": …}` for what must not happen, with "MemoryError" where memory ran out.
"""

import json
import resource
import struct
import sys

import numpy as np
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import CHAIN, PLAIN, VOLATILE, decode
from sameseed.recording.canonical_tags import DecodeError, ForeignDataclass, ForeignEnum, ForeignTuple, ForeignTyped, Opaque

PROFILES = {"chain": CHAIN, "volatile": VOLATILE, "plain": PLAIN}
# Enough for every value that is not made to fill memory, and soon filled by one that is.
ROOM_BYTES = 64 << 20


def text(value: str) -> str:
    return "s" + value.encode().hex()


def pieces(parts: list) -> str:
    return "[" + ",".join(parts) + "]"


def fields(entries: dict) -> list:
    return [f"{text(name)}={describe(value)}" for name, value in entries.items()]


def array(value: np.ndarray) -> str:
    shape = "(" + ",".join(map(str, value.shape)) + ")"
    if value.dtype.kind in "US":
        unit, name = (4, "str") if value.dtype.kind == "U" else (1, "bytes")
        items = [describe(item) for item in value.reshape(-1).tolist()]
        return f"{name}{value.dtype.itemsize // unit or 1}{shape}{pieces(items)}"
    return f"{value.dtype.name}{shape}b{value.tobytes().hex()}"


def describe(value: object) -> str:
    kind = type(value)
    if value is None:
        return "n"
    if kind is bool:
        return "t" if value else "f"
    if kind is int:
        return f"i{value:x}"
    if kind is float:
        return "d" + ("nan" if value != value else struct.pack(">d", value).hex())
    if kind is str:
        return text(value)
    if kind is bytes:
        return "b" + value.hex()
    if kind in (list, tuple):
        return kind.__name__ + pieces([describe(item) for item in value])
    if kind in (set, frozenset):
        return kind.__name__ + pieces(sorted(describe(item) for item in value))
    if kind is dict:
        if all(type(key) is str for key in value):
            return "map" + pieces(sorted(fields(value)))
        return "pairs" + pieces(sorted(f"{describe(key)}={describe(item)}" for key, item in value.items()))
    if isinstance(value, (np.ndarray, np.generic)):
        return array(np.asarray(value))
    return describe_named(value)


def describe_named(value: object) -> str:
    if type(value) is ForeignTuple:
        named = [f"{text(field)}={describe(item)}" for field, item in zip(value.fields, value)]
        return f"namedtuple {text(value.type_name)}{pieces(named)}"
    if type(value) is ForeignDataclass:
        entries = dict(value.__dict__)
        name = entries.pop(" type")
        return f"dataclass {text(name)}{pieces(sorted(fields(entries)))}"
    if type(value) is ForeignEnum:
        return f"enum {text(value.type_name)} {describe(value.name)}={describe(value.value)}"
    if type(value) is ForeignTyped:
        return f"typed {text(value.type_name)}={describe(value.value)}"
    if type(value) is Opaque:
        return f"opaque {text(value.type_name)}"
    raise AssertionError(f"a value of type {type(value).__name__}")


def answer(data: bytes, profile: object) -> object:
    try:
        value = decode(data, profile)
        if encode(value) != data:
            return {"raised": f"encodes to {encode(value).hex()}"}
        return describe(value)
    except DecodeError:
        return None
    except MemoryError:
        return {"raised": "MemoryError"}
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"}


def main() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        most = int(file.read().split()[0]) * resource.getpagesize() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    sys.set_int_max_str_digits(0)
    asked, said = sys.stdin.buffer, sys.stdout.buffer
    while head := asked.read(4):
        data = asked.read(int.from_bytes(head, "little"))
        answers = {name: answer(data, profile) for name, profile in PROFILES.items()}
        reply = json.dumps(answers).encode()
        said.write(len(reply).to_bytes(4, "little") + reply)
        said.flush()


main()
