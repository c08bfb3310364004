"""The canonical encoding: golden vectors, round trips, refusals, and a decoder that takes nothing else."""

import collections
import importlib.util
import json
import math
import os
import random
import unittest
from collections import OrderedDict, defaultdict
from dataclasses import dataclass

import numpy as np
from sameseed.recording.canonical import CanonicalError, encode, encode_part, take_orders
from sameseed.recording.canonical_decode import CHAIN, PLAIN, SHOWN, VOLATILE, decode
from sameseed.recording.canonical_tags import DecodeError
from sameseed.recording.canonical_types import set_hook
from support import HERE

ROOT = os.path.join(HERE, "..", "..")


def vector_script():
    spec = importlib.util.spec_from_file_location(
        "vectors", os.path.join(ROOT, "scripts", "record-canonical-vectors.py")
    )
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up while it is made.
    __import__("sys").modules["vectors"] = module
    spec.loader.exec_module(module)
    return module


def some_value(rng: random.Random, depth: int = 0):
    kind = rng.randrange(12 if depth < 4 else 8)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([-1, 1]) * rng.getrandbits(rng.choice([3, 8, 16, 33, 64, 65, 200]))
    if kind == 2:
        return rng.choice([rng.random(), -0.0, float("inf"), float("nan"), float(rng.getrandbits(40))])
    if kind == 3:
        return "".join(chr(rng.choice([97, 233, 0x6C34, 0x1F600])) for _ in range(rng.randrange(30)))
    if kind == 4:
        return rng.randbytes(rng.randrange(40))
    if kind in (5, 6):
        shape = tuple(rng.randrange(4) for _ in range(rng.randrange(4)))
        dtype = rng.choice("? b B h H i I l L e f d U3 S4".split())
        numbers = np.array([rng.choice([0, 1, 2, 100]) for _ in range(int(np.prod(shape)))]).reshape(shape)
        return numbers.astype(dtype)[()] if kind == 5 else numbers.astype(dtype)
    if kind == 7:
        return {rng.randrange(100) for _ in range(rng.randrange(5))}
    items = [some_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    if kind == 8:
        return items
    if kind == 9:
        return tuple(items)
    if kind == 10:
        return {f"{'k' * rng.randrange(3)}{index}": item for index, item in enumerate(items)}
    return {rng.choice([index, (index, "x"), f"t{index}"]): item for index, item in enumerate(items)}


class Encoding(unittest.TestCase):
    def test_golden_vectors(self):
        with open(os.path.join(ROOT, "tests", "golden", "canonical-vectors.json"), encoding="utf-8") as file:
            golden = {vector["name"]: vector["hex"] for vector in json.load(file)}
        script = vector_script()
        made = {
            name: encode(value).hex() for name, value, _ in [*script.scalars(), *script.arrays(), *script.containers()]
        }
        self.assertEqual(made, golden)
        for data in golden.values():
            self.assertEqual(encode(decode(bytes.fromhex(data), VOLATILE)).hex(), data)

    def test_round_trips(self):
        rng = random.Random(1)
        for _ in range(3000):
            value = some_value(rng)
            data = encode(value)
            self.assertEqual(encode(decode(data)), data)

    def test_types_keep_apart(self):
        ones = [
            1,
            1.0,
            True,
            "1",
            b"1",
            np.int64(1),
            np.int32(1),
            np.float32(1),
            np.float64(1),
            [1],
            (1,),
            {1},
            frozenset({1}),
        ]
        self.assertEqual(len({encode(value) for value in ones}), len(ones))

    def test_equal_values_are_equal_bytes(self):
        self.assertEqual(encode({"a": 1, "bb": 2}), encode({"bb": 2, "a": 1}))
        self.assertEqual(encode(OrderedDict(b=1, a=2)), encode({"a": 2, "b": 1}))
        self.assertEqual(encode(defaultdict(int, a=1)), encode({"a": 1}))
        self.assertEqual(encode(np.arange(12).reshape(3, 4)[:, ::2]), encode(np.array([[0, 2], [4, 6], [8, 10]])))
        odd_nan = np.frombuffer(bytes.fromhex("0100c07f"), "<f4")
        self.assertEqual(encode(odd_nan), encode(np.array([np.nan], np.float32)))
        self.assertEqual(encode(np.frombuffer(b"\x02\x00", bool)), encode(np.array([True, False])))
        large = np.full(100, np.nan, np.float32)
        self.assertEqual(encode(large), encode(np.concatenate([odd_nan] * 100)))
        infinite = np.array([np.inf, -np.inf])
        np.testing.assert_array_equal(decode(encode(infinite)), infinite)

    def test_insertion_order_is_noted_outside_the_bytes(self):
        value = {"b": {"d": 1, "c": 2}, "a": [{2: 0, 1: 0}], "s": {(1, 2)}}
        encode(value)
        self.assertEqual(take_orders(), [])
        encode_part(value, 0)
        self.assertEqual(take_orders(), [encode(keys) for keys in (["b", "a", "s"], [2, 1], ["d", "c"])])
        encode_part({"a": 1, "b": {}}, 0)
        self.assertEqual(take_orders(), [])

    def test_instances_of_subclasses_keep_their_type_and_run_no_code(self):
        class Loud:
            def refuse(self, *arguments):
                raise AssertionError("a method of a subclass ran")

            __iter__ = __getitem__ = __len__ = __str__ = __int__ = __float__ = __eq__ = keys = items = copy = refuse
            __hash__ = object.__hash__

        def make(base, value):
            return type(f"Own{base.__name__}", (Loud, base), {"__module__": "m"})(value)

        pair = collections.namedtuple("Pair", "x y")
        for base, value in (
            (int, -3), (int, 1 << 90), (float, -0.0), (str, "ü"), (bytes, b"x"), (list, [1]), (tuple, (1,)),
            (dict, {"b": 1, "a": 2}), (dict, {1: 2}), (set, {1, 2}), (frozenset, {3}), (OrderedDict, {"a": 1}),
        ):
            with self.subTest(base=base, value=value):
                decoded = decode(encode(make(base, value)))
                self.assertEqual((decoded.type_name, decoded.value), (f"m.Own{base.__name__}", value))
                self.assertEqual(math.copysign(1, decoded.value) if base is float else -1, -1)
                self.assertEqual(encode(decoded), encode(make(base, value)))
                self.assertEqual(decode(encode([make(base, value)]), SHOWN), [value])
        own = type("Own", (pair,), {"__module__": "m"})(1, 2)
        self.assertEqual((decode(encode(own)).type_name, decode(encode(own)).value.x), ("m.Own", 1))
        frame = type("Frame", (np.ndarray,), {"__module__": "m"})
        self.assertEqual(decode(encode(np.arange(2).view(frame))).value.tolist(), [0, 1])
        reading = type("Reading", (np.float64,), {"__module__": "m"})
        self.assertEqual(decode(encode(reading(0.5))).value, np.float64(0.5))
        with self.assertRaises(DecodeError):
            decode(encode(make(str, "a")), PLAIN)

    def test_a_hook_turns_other_objects_into_values(self):
        self.addCleanup(set_hook, None)
        set_hook(lambda value: {"start": value.start} if type(value) is slice else value)
        decoded = decode(encode([slice(2)]))[0]
        self.assertEqual((decoded.type_name, decoded.value), ("builtins.slice", {"start": None}))
        with self.assertRaises(CanonicalError) as caught:
            encode({"a": object()}, "info")
        self.assertIn("info.a: nested more than 64 deep", str(caught.exception))

    def test_refusals_name_the_path(self):
        @dataclass
        class Both(int):
            suit: int = 0

        loop: list = []
        loop.append(loop)
        for value, message in [
            (object(), "info: objects of type builtins.object have no encoding"),
            ({"items": [0, 1, 2, {"owner": object()}]}, "info.items[3].owner: objects of type builtins.object"),
            ({"a b": (1, {5: object})}, "info['a b'][1][5]: objects of type builtins.type"),
            ({"s": {object()}}, "info.s{element}: objects of type"),
            ({object(): 1}, "info[builtins.object key]: objects of type"),
            ({"n": Both(3)}, "Both, a dataclass that is a builtin as well, have no encoding"),
            ("\ud800", "info: text with a lone surrogate"),
            ({"\ud800": 1}, "info['\\ud800']: text with a lone surrogate"),
            (np.array([1, object()]), "objects of type builtins.object"),
            (np.array([(1, 2)], "i4,i4"), "info: arrays of dtype void64 have no encoding; return a plain value instead"),
            (np.ma.array([1]), "info: a masked array has no encoding"),
            ({"owner": {"a": object()}}, "(--volatile-info owner), or define encode(value) in the environment's file"),
            (len, "builtin_function_or_method"),
            ({float("nan"): 1, -float("nan"): 2}, "two keys of equal encoding"),
            ({float("nan"), -float("nan")}, "two elements of equal encoding"),
            (loop, "nested more than 64 deep"),
        ]:
            with self.assertRaises(CanonicalError) as caught:
                encode(value, "info")
            self.assertIn(message, str(caught.exception))

    def test_depth_is_the_same_for_both(self):
        kinds = [
            0,
            (),
            [],
            {"a": 1},
            {1: 1},
            {1},
            frozenset({2}),
            2**70,
            np.int8(1),
            np.zeros(2),
            np.zeros(2, bool),
            np.array(["x"]),
            (1,),
        ]
        for inner in kinds:
            for wrap in (
                lambda value: [value],
                lambda value: (value,),
                lambda value: {"a": value},
                lambda value: {1: value},
            ):
                value = inner
                encoded = decoded = 0
                while True:
                    value = wrap(value)
                    encoded += 1
                    try:
                        data = encode(value)
                    except CanonicalError:
                        break
                    decode(data)
                    for limit in range(1, 70):
                        try:
                            decode(data, CHAIN._replace(max_depth=limit))
                        except DecodeError:
                            continue
                        decoded = limit
                        break
                self.assertLessEqual(decoded, 64)
                self.assertGreater(decoded, 60)
                self.assertGreater(encoded, 18)


class Decoding(unittest.TestCase):
    def test_refuses_what_is_not_canonical(self):
        for data in """
            - 1800 1817 190001 1a00000001 1b0000000000000001 9f00ff bf00ff 5f4100ff f7 f0 f814 f93c00 fa3f800000
            fb7ff8000000000001 fbfff8000000000000 0000 a2616200616100 a2616100616100 a10000 a1 82 8300 6180 62c3 61ff
            c24101 c249000000000000000001 c248ffffffffffffffff c201 d9010282020 d90102820101 d90102820201 d90102818100
            da5353000381826161f6 da53530003828202f68201f6 da53530003818101 da53530004836161816178820102
            da53530004836161826178617882 da53530006836161010 da535300078100 da53530008820180 da5353000b00 c0 c100
            d828 d82880 d8288280d84b48 d828828101d8554400000000ff d828828102d8554400000000 d828828101d855440100c07f
            d8288281 01 d82882811bffffffffffffffffd84040 d828828101da535300074102 d828828101da535300088201816161ff
            d828828101da5353000882018162616 d828828101da53530008820281626100 d82882801bd84100 d8288280d81e4100
            9bffffffffffffffff 5bffffffffffffffff bbffffffffffffffff 7b7fffffffffffffff d90102820 1c 3f 5c
        """.split():
            text = "" if data == "-" else data
            raw = bytes.fromhex(text + "0" * (len(text) % 2))
            with self.subTest(data), self.assertRaises(DecodeError):
                value = decode(raw)
                self.assertEqual(encode(value), raw, "decoded something that is written otherwise")
                raise DecodeError if data in ("01", "1c") else AssertionError(f"{data} was taken")

    def test_depth_is_bounded(self):
        self.assertEqual(decode(b"\x81" * 64 + b"\x00"), decode(b"\x81" * 64 + b"\x00"))
        for deep in (b"\x81" * 65 + b"\x00", b"\xd9\x01\x02\x81" * 40 + b"\x00", b"\x81" * 60000, b"\xa1\x60" * 30000):
            with self.assertRaises(DecodeError):
                decode(deep)
        with self.assertRaises(DecodeError):
            decode(b"\x81\x81\x00", CHAIN._replace(max_depth=1))

    def test_whatever_is_taken_is_canonical(self):
        rng = random.Random(2)
        taken = 0
        for _ in range(20000):
            data = bytearray(encode(some_value(rng)))
            for _ in range(rng.randrange(1, 3)):
                if data:
                    data[rng.randrange(len(data))] = rng.choice(
                        [0, 1, 0x17, 0x18, 0x80, 0xD8, 0xFF, rng.randrange(256)]
                    )
            try:
                value = decode(bytes(data))
            except DecodeError:
                continue
            taken += 1
            self.assertEqual(encode(value), bytes(data))
        self.assertGreater(taken, 1000)


if __name__ == "__main__":
    unittest.main()
