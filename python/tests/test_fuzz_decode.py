"""The strict decoder against broken bytes: a value that encodes back to them, or DecodeError; nothing else, and soon.

SAMESEED_FUZZ_CASES says how many cases; a case is named by its number, which it follows from.
"""

import json
import os
import random
import resource
import unittest

import numpy as np
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import CHAIN, PLAIN, VOLATILE, decode
from sameseed.recording.canonical_tags import DecodeError
from test_canonical import ROOT, some_value

CASES = int(os.environ.get("SAMESEED_FUZZ_CASES", "20000"))
BORDERS = [0, 1, 23, 24, 25, 31, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF]
MAX_BYTES = 16384
MEMORY_BYTES = 2 << 30


def examples() -> list:
    rng = random.Random(1)
    made = [encode(some_value(rng)) for _ in range(300)]
    with open(os.path.join(ROOT, "tests", "golden", "canonical-vectors.json"), encoding="utf-8") as file:
        return made + [bytes.fromhex(vector["hex"]) for vector in json.load(file)]


def change(data: bytes, rng: random.Random, others: list) -> bytes:
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.randrange(9))
    kind = rng.randrange(7)
    if kind == 0:
        return data[:at] + rng.randbytes(1) + data[at + 1 :]
    if kind == 1:
        number = rng.choice(BORDERS).to_bytes(rng.choice([4, 8]), "big")[-rng.choice([1, 2, 4, 8]) :]
        return data[:at] + number + data[at + len(number) :]
    if kind == 2:
        return data[:at]
    if kind == 3:
        return data[:at] + data[end:]
    if kind == 4:
        return data[:at] + data[at:end] * 2 + data[end:]
    if kind == 5:
        # A head of any kind that announces any length.
        head = bytes([rng.randrange(8) << 5 | rng.choice([24, 25, 26, 27, rng.randrange(24)])])
        return data[:at] + head + rng.choice(BORDERS).to_bytes(8, "big")[-rng.choice([1, 2, 4, 8]) :] + data[at:]
    other = rng.choice(others)
    return data[:at] + other[rng.randrange(len(other) + 1) :]


PLAIN_TYPES = (type(None), bool, int, float, str, bytes, list, tuple, dict)


def foreign_part(value: object) -> object:
    """A part of a value that is not of Python's or numpy's own types, or None."""
    if isinstance(value, (np.ndarray, np.generic)):
        own = type(value) is np.ndarray or type(value).__module__ == "numpy"
        return None if own and value.dtype.kind in "biufUS" else value
    if type(value) not in PLAIN_TYPES:
        return value
    parts = [*value, *value.values()] if type(value) is dict else value if type(value) in (list, tuple) else ()
    return next((found for found in map(foreign_part, parts) if found is not None), None)


class Fuzzing(unittest.TestCase):
    def test_what_a_policy_sends_is_of_plain_types_and_can_be_recorded(self):
        right = examples()
        taken = refused = 0
        for number in range(CASES // 4):
            rng = random.Random(number)
            data = rng.choice(right)
            for _ in range(rng.randrange(3)):
                data = change(data, rng, right)[:MAX_BYTES]
            try:
                value = decode(data, PLAIN)
            except DecodeError:
                refused += 1
                continue
            taken += 1
            self.assertIsNone(foreign_part(value), f"case {number}, {data.hex()}")
            # As the refused action of a closing record: whatever the host takes in a record, it takes there.
            record = encode({"k": 1, "action": value})
            self.assertEqual(encode(decode(record, CHAIN)), record)
        self.assertGreater(taken, CASES // 40)
        self.assertGreater(refused, CASES // 40)

    def test_broken_bytes_give_their_value_or_a_decode_error(self):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        right = examples()
        self.assertGreater(len(right), 250)
        taken = refused = 0
        for number in range(CASES):
            rng = random.Random(number)
            data = rng.choice(right)
            for _ in range(rng.randrange(6)):
                data = change(data, rng, right)[:MAX_BYTES]
            try:
                value = decode(data, VOLATILE)
            except DecodeError:
                refused += 1
                continue
            except Exception as error:
                self.fail(f"case {number}, {data.hex()}: {type(error).__name__}: {error}")
            taken += 1
            if encode(value) != data:
                self.fail(f"case {number}, {data.hex()}: encodes to {encode(value).hex()}")
        # Both must happen, else the cases show nothing.
        self.assertGreater(taken, CASES // 20)
        self.assertGreater(refused, CASES // 20)


if __name__ == "__main__":
    unittest.main()
