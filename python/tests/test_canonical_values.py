"""Plain values of the standard library and of numpy that have no encoding of their own."""

import collections
import datetime
import decimal
import fractions
import pathlib
import types
import unittest
import uuid

import numpy as np
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import CHAIN, decode
from sameseed.recording.canonical_tags import CanonicalError, ForeignTyped
from sameseed.recording.canonical_types import set_hook


class CanonicalValues(unittest.TestCase):
    def tearDown(self):
        set_hook(None)

    def test_plain_values_of_other_types_are_their_name_and_all_they_hold(self):
        class Moment(datetime.datetime):
            """As pandas.Timestamp is one."""

            def isoformat(self) -> str:
                raise AssertionError("code of a subclass ran")

        class Broken(fractions.Fraction):
            numerator = property(lambda self: 1 / 0)

        zone = datetime.timezone(datetime.timedelta(hours=2))
        for value, name, base in [
            (fractions.Fraction(-6, 4), "fractions.Fraction", (-3, 2)),
            (decimal.Decimal("1.50"), "decimal.Decimal", "1.50"),
            (complex(-0.0, 2), "builtins.complex", (-0.0, 2.0)),
            (range(1, 9, 3), "builtins.range", (1, 9, 3)),
            (bytearray(b"x"), "builtins.bytearray", b"x"),
            (collections.deque([1, "a"], maxlen=3), "collections.deque", [1, "a"]),
            ({"b": 1, "a": 2}.keys(), "builtins.dict_keys", ["b", "a"]),
            ({"b": 1}.items(), "builtins.dict_items", [("b", 1)]),
            (types.MappingProxyType({"b": 1}), "builtins.mappingproxy", {"b": 1}),
            (types.SimpleNamespace(a=[1]), "types.SimpleNamespace", {"a": [1]}),
            (datetime.date(2020, 2, 3), "datetime.date", "2020-02-03"),
            (datetime.datetime(2020, 2, 3, 4, 5, 6, 7, zone), "datetime.datetime", "2020-02-03T04:05:06.000007+02:00"),
            (datetime.timedelta(-1, 2, 3), "datetime.timedelta", (-1, 2, 3)),
            (uuid.UUID(int=5), "uuid.UUID", "00000000-0000-0000-0000-000000000005"),
            (np.complex128(1 + 2j), "numpy.complex128", ("complex128", np.array([1.0, 2.0]))),
            (np.datetime64("1970-01-03"), "numpy.datetime64", ("datetime64[D]", np.array(2))),
            (np.array([[1j]], ">c8"), "numpy.ndarray", ("complex64", np.array([[[0, 1]]], np.float32))),
            (np.array([5, 9, 7], "m8[s]")[::2], "numpy.ndarray", ("timedelta64[s]", np.array([5, 7]))),
            (np.array([[None, "a"]]), "numpy.ndarray", ("object", [1, 2], [None, "a"])),
            (np.zeros((0, 3), object), "numpy.ndarray", ("object", [0, 3], [])),
        ]:
            with self.subTest(name):
                self.assertEqual(encode(value), encode(ForeignTyped(name, base)))
                self.assertEqual(decode(encode(value), CHAIN).type_name, name)
        self.assertEqual(encode(Moment(2020, 2, 3))[-19:], b"2020-02-03T00:00:00")
        self.assertIn(encode((3, 2)), encode(Broken(3, 2)))
        path = encode(pathlib.PurePosixPath("a/b"))
        self.assertEqual(path[-4:], b"\x63a/b")

    def test_a_class_that_has_the_name_of_another_is_not_taken_for_it(self):
        for name in ("fractions.Fraction", "decimal.Decimal", "collections.deque", "nowhere.Fraction"):
            module, _, own = name.rpartition(".")
            other = type(own, (), {"__module__": module, "__str__": lambda self: "text", "__iter__": lambda self: iter(())})
            with self.assertRaisesRegex(CanonicalError, f"objects of type {name} have no encoding"):
                encode(other())

    def test_a_hook_is_for_objects_that_have_no_encoding(self):
        before = encode(range(3))
        set_hook(lambda value: "hooked")
        self.assertEqual(encode(range(3)), before)
        self.assertIn(b"hooked", encode(object()))

    def test_a_hook_is_for_arrays_whose_elements_have_no_encoding(self):
        records = np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])
        arrays = (records, records[0], np.rec.array(records), np.zeros(2, np.longdouble))
        before = encode(np.zeros(2, complex))
        for array in arrays:
            with self.assertRaisesRegex(CanonicalError, "have no encoding; return a plain value"):
                encode(array)
        set_hook(lambda value: {"hooked": value.dtype.name})
        self.assertEqual(encode(np.zeros(2, complex)), before)
        for array in arrays:
            self.assertIn(b"hooked", encode(array))
        self.assertEqual(decode(encode(records)).value, {"hooked": records.dtype.name})
        set_hook(lambda value: value)
        with self.assertRaisesRegex(CanonicalError, "nested more than 64 deep"):
            encode(records)


if __name__ == "__main__":
    unittest.main()
