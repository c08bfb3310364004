"""The plain profile: what a policy may send, which types it can come to, and what it can cost."""

import dataclasses
import enum
import time
import tracemalloc
import unittest
from collections import namedtuple

import numpy as np
from sameseed.recording.canonical import CanonicalError, encode
from sameseed.recording.canonical_decode import CHAIN, PLAIN, VOLATILE, decode
from sameseed.recording.canonical_tags import DecodeError, ForeignDataclass, ForeignEnum, ForeignTuple, Opaque, head
from sameseed.recording.plain import encode_plain

MOST = 64 << 10
Point = namedtuple("Point", "x y")


class Move(enum.IntEnum):
    LEFT = 0


@dataclasses.dataclass(frozen=True)
class Record:
    x: int = 0


def texts(shape: bytes, width: int, items: bytes, tag: int = 8) -> bytes:
    return b"\xd8\x28\x82" + shape + bytes.fromhex(f"da535300{tag:02x}") + b"\x82" + head(0, width) + items


class Profiles(unittest.TestCase):
    def test_each_profile_takes_its_own(self):
        named = [ForeignTuple("m.T", ("a",), [1]), ForeignDataclass("m.C", {"a": 1}), ForeignEnum("m.E", "A", 1)]
        hashed = [{1}, frozenset({1}), {(1,): 2}, {1 << 64: 2}, {np.int64(1): 2}]
        for values, profiles in (
            ([1, 1.5, "a", b"a", None, True, [1], (1,), {"a": 1}, {1: 2, None: 3, b"a": 4}], (CHAIN, VOLATILE, PLAIN)),
            ([1 << 8191, -(1 << 8192), np.int64(1), np.zeros((2, 3)), np.str_("abc"), np.array(["a", "bcd"])], (CHAIN, VOLATILE, PLAIN)),
            ([*named, *hashed, 1 << 8192, np.array(["a"], "U10000")], (CHAIN, VOLATILE)),
            ([Opaque("m.C")], (VOLATILE,)),
        ):
            for value in values:
                data = encode(value)
                for profile in (CHAIN, VOLATILE, PLAIN):
                    with self.subTest(value=value, profile=profile):
                        if profile in profiles:
                            self.assertEqual(encode(decode(data, profile)), data)
                        else:
                            self.assertRaises(DecodeError, decode, data, profile)

    def test_depth(self):
        decode(b"\x81" * 32 + b"\x00", PLAIN)
        self.assertRaises(DecodeError, decode, b"\x81" * 33 + b"\x00", PLAIN)

    def test_the_longest_integer_has_a_decimal_text(self):
        for value in ((1 << 8192) - 1, -(1 << 8192)):
            self.assertLess(len(str(decode(encode(value), PLAIN))), 4300)


class Costs(unittest.TestCase):
    def peak(self, data: bytes, taken: bool) -> int:
        self.assertLessEqual(len(data), MOST)
        tracemalloc.start()
        began = time.process_time()
        try:
            decode(data, PLAIN)
            self.assertTrue(taken)
        except DecodeError:
            self.assertFalse(taken)
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        self.assertLess(time.process_time() - began, 5)
        return peak

    def test_texts_take_no_more_memory_than_their_bytes_allow(self):
        one_wide = texts(b"\x81\x01", 1 << 28, b"\x81aa")
        none_wide = texts(b"\x81\x00", 1 << 28, b"\x80")
        deep_wide = texts(b"\x80", 1 << 28, b"\x81aa")
        bytes_wide = texts(b"\x81\x01", (1 << 31) - 1, b"\x81Aa", 9)
        self.assertLess(max(self.peak(data, False) for data in (one_wide, none_wide, deep_wide, bytes_wide)), MOST)
        # Each within the allowance, and all of them not.
        several = b"\x99" + (900).to_bytes(2, "big") + texts(b"\x81\x01", 10000, b"\x81aa") * 900
        self.assertLess(self.peak(several, False), 200 * MOST)
        square = texts(b"\x81" + head(0, 30000), 30000, head(4, 30000) + head(3, 30000) + b"a" * 30000 + b"\x60" * 29999)
        self.assertLess(self.peak(square, False), 200 * MOST)

    def test_arrays_without_elements(self):
        for sizes in ([0, 1 << 62], [1 << 40, 0, 1 << 40], [0] + [1 << 16] * 63, [(1 << 64) - 1, 0], [0, (1 << 31)]):
            data = b"\xd8\x28\x82" + head(4, len(sizes)) + b"".join(head(0, size) for size in sizes) + b"\xd8\x40\x40"
            with self.subTest(sizes):
                self.assertLess(self.peak(data, False), MOST)
                self.assertRaises(DecodeError, decode, data)
        self.assertEqual(decode(encode(np.zeros((0, 3, 7))), PLAIN).shape, (0, 3, 7))
        self.assertEqual(decode(encode(np.zeros((1,) * 64)), PLAIN).ndim, 64)
        # What the decoder does not take, the encoder does not write.
        self.assertRaises(CanonicalError, encode, np.zeros((0, 1 << 31), np.uint8))

    def test_the_largest_of_everything(self):
        for data in (
            head(4, MOST - 3) + b"\x80" * (MOST - 3),
            head(4, MOST - 3) + b"\xf6" * (MOST - 3),
            encode([np.int8(1)] * 8000),
            encode([np.str_("a")] * 3000),
            encode([(1 << 8192) - 1] * 60),
            encode({number * ((1 << 61) - 1): None for number in range(-8, 8)} | {number: 0 for number in range(5000)}),
            encode({str(number): None for number in range(8000)}),
        ):
            self.assertLess(self.peak(data, True), 128 * MOST)
        self.peak(b"\x81" * MOST, False)


class Encoding(unittest.TestCase):
    def test_plain_values_are_encoded_as_ever(self):
        for value in (0, 30, 1.5, None, "a", b"a", [1, (2,)], {"a": np.zeros(3)}, np.float32(1), np.zeros((2, 2)), {1: 2}):
            self.assertEqual(encode_plain(value, "action"), encode(value))

    def test_named_tuples_become_tuples(self):
        self.assertEqual(encode_plain([Point(1, Point(2, 3))], "action"), encode([(1, (2, 3))]))

    def test_others_are_refused_by_whoever_sends_them(self):
        loop = []
        loop.append(loop)
        for value in (Move.LEFT, Record(), {1}, 1 << 8192, np.array(["a"], "U10000"), object(), loop, {Point(1, 2): 3}):
            with self.assertRaises(CanonicalError) as raised:
                encode_plain(value, "action")
            self.assertTrue(str(raised.exception).startswith("action"), raised.exception)


if __name__ == "__main__":
    unittest.main()
