"""Digests for traces: equal for equal contents, whatever the addresses, and other ones for other contents."""

import ctypes
import datetime
import random
import unittest
import uuid
from unittest import mock

import numpy as np
from sameseed.audit import fingerprint as fingerprints
from sameseed.audit.fingerprint import fingerprint, shown


class Thing:
    def __init__(self, number: int) -> None:
        self.number = number


def default(at=1):
    return at


class Fingerprints(unittest.TestCase):
    def test_an_object_of_the_program_is_its_own_attributes_without_those_of_others_and_none_in_its_method(self) -> None:
        def knowing(number: int) -> Thing:
            thing = Thing(1)
            thing.other = Thing(number)
            return thing

        self.assertNotEqual(fingerprint(knowing(1)), fingerprint(knowing(2)))
        busy: dict[int, int] = {}
        own = fingerprints.Fingerprints(is_own=lambda kind: kind is Thing, busy=busy)
        self.assertEqual(own.of(knowing(1)), own.of(knowing(2)))
        self.assertNotEqual(own.of(Thing(1)), own.of(Thing(2)))
        self.assertNotEqual(own.of([Thing(1), Thing(2)]), own.of([Thing(2), Thing(1)]))
        one, two = Thing(1), Thing(2)
        busy.update({id(one): 1, id(two): 1})
        self.assertEqual(own.of(one), own.of(two))

    def test_after_much_work_values_are_looked_at_less_closely(self) -> None:
        value = [[number] for number in range(500)]
        late = [*value[:-1], [-1]]
        early = [[-1], *value[1:]]
        fresh = fingerprints.Fingerprints()
        self.assertNotEqual(fresh.of(value), fresh.of(late))
        tired = fingerprints.Fingerprints(much_work=1)
        self.assertNotEqual(tired.of(value), tired.of(late), "the first value is looked at closely")
        spent = tired.left
        first, second = tired.of(value), tired.of(late)
        self.assertEqual(first, second)
        self.assertNotEqual(first, tired.of(early))
        self.assertLess(spent - tired.left, 1000, "less than half of what a close look at one of them takes")

    def test_after_much_work_no_set_or_array_is_walked_in_full(self) -> None:
        """What is looked at is counted by what asks to be told: a set's parts by their hashes, an array's by its bytes."""
        tired = fingerprints.Fingerprints(much_work=0)
        before = tired.left
        large, larger = {Thing(number) for number in range(500)}, {Thing(number) for number in range(501)}
        self.assertNotEqual(tired.of(large), tired.of(larger), "their sizes")
        self.assertLess(before - tired.left, 10)
        few = [{number for number in range(start, start + 50)} for start in (0, 0, 1)]
        self.assertEqual(tired.of(few[0]), tired.of(few[1]))
        self.assertNotEqual(tired.of(few[0]), tired.of(few[2]), "small ones are looked at")
        array = np.zeros((1 << 10, 1 << 10))
        with mock.patch.object(fingerprints, "blake2b", wraps=fingerprints.blake2b) as digested:
            first = tired.of(array)
        self.assertLessEqual(max(len(call.args[0]) for call in digested.call_args_list), 1 << 16)
        array[512:] = 1
        self.assertNotEqual(tired.of(array), first, "parts from all over it are looked at")
        self.assertEqual(tired.of(np.asfortranarray(array)), tired.of(array))
        several = np.array([[number] for number in range(5000)] + [None], dtype=object)
        before = tired.left
        tired.of(several)
        self.assertLess(before - tired.left, 200)

    def test_which_parts_of_a_set_are_looked_at_does_not_follow_from_their_order(self) -> None:
        class Placed(Thing):
            sign = 1

            def __init__(self, number: int) -> None:
                super().__init__(number)
                self.parts = [[number] for _ in range(50)]

            def __hash__(self) -> int:
                return self.sign * self.number

        def some(sign: int, last: int = 39) -> list:
            Placed.sign = sign
            return [{Placed(number) for number in (*range(39), last)}, [Thing(1)]]

        orders = [[each.number for each in some(sign)[0]] for sign in (1, -1)]
        self.assertNotEqual(*orders)
        self.assertEqual(fingerprint(some(1)), fingerprint(some(-1)))
        self.assertNotEqual(fingerprint(some(1)), fingerprint(some(1, 40)))
        many = [{(number, 1) for number in range(start, start + 3000)} for start in (0, 0, 1)]
        self.assertEqual(fingerprint(many[0]), fingerprint(many[1]))
        self.assertNotEqual(fingerprint(many[0]), fingerprint(many[2]), "each part of a large one is looked at")

    def test_a_close_look_does_not_depend_on_time(self) -> None:
        values = [[Thing(number)] * 50 for number in range(50)]
        looks = [fingerprints.Fingerprints(much_work=900) for _ in range(2)]
        self.assertEqual(*([look.of(value) for value in values] for look in looks))
        self.assertEqual(looks[0].left, looks[1].left)

    def test_equal_contents_have_equal_digests(self) -> None:
        for make in (
            lambda: [1, 2.5, "a", b"b", None, True, (1,)],
            lambda: {"a": {1, 2, 3}, "b": frozenset("xyz")},
            lambda: [Thing(1), Thing(2)],
            lambda: {Thing(1), Thing(2)},
            lambda: np.arange(6.0).reshape(2, 3),
            lambda: random.Random(5),
            lambda: np.random.default_rng(5),
            lambda: datetime.datetime(2000, 1, 1),
            lambda: uuid.UUID(int=7),
        ):
            self.assertEqual(fingerprint(make()), fingerprint(make()))

    def test_other_contents_have_other_digests(self) -> None:
        values = [
            0, 1, True, 1.0, "1", b"1", None, [1], (1,), {1}, {1: 1}, [1, 1], Thing(1), Thing(2),
            np.array([1]), np.array([1.0]), np.array([[1]]), random.Random(1), random.Random(2),
            np.random.default_rng(1), np.random.default_rng(2), datetime.date(2000, 1, 1), datetime.date(2000, 1, 2),
            uuid.UUID(int=1), uuid.UUID(int=2), {"a": 1, "b": 2}, {"b": 2, "a": 1}, [[1], [2]], [[1, 2]],
        ]  # fmt: skip
        self.assertEqual(len({fingerprint(value) for value in values}), len(values))

    def test_a_functions_defaults_belong_to_it(self) -> None:
        before = fingerprint(default)
        default.__defaults__ = (2,)
        self.assertNotEqual(fingerprint(default), before)

    def test_what_holds_itself_or_is_very_large_ends(self) -> None:
        ring: list = []
        ring.append(ring)
        deep: list = []
        for _ in range(10_000):
            deep = [deep]
        for value in (ring, deep, list(range(1_000_000)), "x" * 10_000_000):
            self.assertEqual(len(fingerprint(value)), 8)

    def test_handles_and_pointers_of_c_have_no_part_in_it(self) -> None:
        libraries = ctypes.CDLL(None), ctypes.CDLL("libm.so.6")
        self.assertNotEqual(libraries[0]._handle, libraries[1]._handle)
        self.assertEqual(fingerprint(libraries[0]), fingerprint(libraries[1]))
        self.assertEqual(fingerprint(libraries[0].abs), fingerprint(libraries[1].cos))
        self.assertEqual(fingerprint(ctypes.c_void_p(8)), fingerprint(ctypes.c_void_p(16)))
        self.assertEqual(fingerprint(ctypes.pointer(ctypes.c_int(1))), fingerprint(ctypes.pointer(ctypes.c_int(2))))
        self.assertNotEqual(fingerprint(ctypes.c_int(1)), fingerprint(ctypes.c_int(2)))

    def test_an_object_that_answers_nothing_has_a_digest_and_a_text(self) -> None:
        class Refusing:
            def __getattribute__(self, name: str) -> object:
                raise RuntimeError(name)

        self.assertEqual(fingerprint(Refusing()), fingerprint(Refusing()))
        self.assertNotEqual(fingerprint(Refusing()), fingerprint(Thing(1)))
        self.assertEqual(shown(Refusing()), "a value of type Refusing")

    def test_no_text_holds_an_address(self) -> None:
        for value in (Thing(1), [Thing(1)], object(), lambda: 0, {Thing(1): 2}):
            self.assertNotIn("0x", shown(value))


if __name__ == "__main__":
    unittest.main()
