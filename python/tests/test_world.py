"""What Sameseed's Python does for the sealed world, as far as it needs no sealed sandbox."""

import random
import subprocess
import sys
import unittest

import numpy as np
from sameseed.world import numeric, poison, sealed as world
from sameseed.recording.canonical import encode
from sameseed.play.seeds import seed_globals


class Ledger(unittest.TestCase):
    def test_counts_are_encoded_as_the_canonical_map_of_those_that_are_not_zero(self):
        for counts in ((1,) * len(world.KINDS), tuple(range(len(world.KINDS))), (0, 0, 300, 2**40) + (0,) * 10):
            expected = {kind: count for kind, count in zip(world.KINDS, counts) if count}
            self.assertEqual(world.encode_ledger(counts), encode(expected))

    def test_nothing_asked_is_nothing_written(self):
        self.assertEqual(world.encode_ledger((0,) * len(world.KINDS)), b"")

    def test_counts_in_which_real_time_had_a_part_are_told_beside_the_ledger_until_the_next_boundary(self):
        none = (0,) * len(world.KINDS)
        steps = iter([((2,) + none[1:], (7, 1) + none[2:]), (none, (3,) + none[1:]), None])
        before, world._step = world._step, lambda k: next(steps)
        try:
            self.assertEqual((world.boundary(1), world.beside()), (encode({"clock": 2}), {"clock": 7, "sleep": 1}))
            self.assertEqual((world.boundary(2), world.beside()), (b"", {"clock": 3}))
            self.assertEqual((world.boundary(3), world.beside()), (b"", {}))
        finally:
            world._step = before

    def test_outside_of_a_sealed_zygote_there_is_no_ledger_and_no_sealed_world(self):
        self.assertEqual((world.name(), world.boundary(1)), ("host", b""))
        world.begin(None)
        with self.assertRaises(RuntimeError):
            world.begin("00" * 168)


class Poison(unittest.TestCase):
    def setUp(self):
        self.states = random.getstate(), np.random.get_state(legacy=False)
        poison.poison()

    def tearDown(self):
        poison.lift()
        random.setstate(self.states[0])
        np.random.set_state(self.states[1])

    def test_every_function_that_draws_is_refused_by_its_name(self):
        drawing = [name for name, value in vars(random.Random).items() if not name.startswith("_") and callable(value)]
        for name in {*drawing, "random", "getrandbits"} - {"seed", "setstate", "getstate"}:
            with self.assertRaisesRegex(poison.UnseededError, rf"random\.{name}\(\) before the harness seeded it"):
                getattr(random, name)()
        for name in ("random", "rand", "randn", "normal", "choice", "shuffle", "permutation", "bytes", "ranf", "sample"):
            with self.assertRaisesRegex(poison.UnseededError, rf"numpy\.random\.{name}\(\) before"):
                getattr(np.random, name)()

    def test_nothing_else_is_touched(self):
        self.assertEqual(random.getstate(), self.states[0])
        self.assertIsInstance(random.Random(3).random(), float)
        self.assertIsInstance(np.random.default_rng(3).random(), float)
        self.assertIsInstance(np.random.RandomState(3).rand(), float)

    def test_the_harness_seeds_and_everything_is_as_without_poison(self):
        seed_globals(5)
        poisoned = random.random(), random.gauss(0, 1), np.random.rand(), np.random.get_state(legacy=False)["state"]["pos"]
        self.assertIs(random.random.__self__, random._inst)
        seed_globals(5)
        again = random.random(), random.gauss(0, 1), np.random.rand(), np.random.get_state(legacy=False)["state"]["pos"]
        self.assertEqual(poisoned, again)

    def test_a_program_may_seed_each_itself(self):
        random.seed(1)
        self.assertEqual(random.random(), random.Random(1).random())
        with self.assertRaises(poison.UnseededError):
            np.random.rand()
        np.random.seed(1)
        self.assertEqual(np.random.rand(), np.random.RandomState(1).rand())


class Numbers(unittest.TestCase):
    def test_every_result_is_the_same_again_and_no_two_are_equal(self):
        first = numeric.report()
        self.assertEqual(numeric.report(), first)
        self.assertGreater(len(first["digests"]), 90)
        digests = list(first["digests"].values())
        # Three products of the same numbers may be made by one kernel.
        self.assertGreater(len(set(digests)), len(digests) - 4)
        self.assertIn(f"numpy {np.__version__}", first["libraries"])

    def test_other_code_for_this_processor_gives_other_digests(self):
        here = numeric.report()
        masked = "import json; from sameseed.world import numeric; print(json.dumps(numeric.report()))"
        environment = {
            "PYTHONPATH": ":".join(sys.path),
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
            "OPENBLAS_NUM_THREADS": "1",
        }
        ran = subprocess.run([sys.executable, "-c", masked], env=environment, capture_output=True, text=True, check=True)
        there = __import__("json").loads(ran.stdout)
        self.assertEqual(there["libraries"], here["libraries"])
        self.assertNotEqual(there["digests"], here["digests"])

    def test_a_setting_of_the_floating_point_unit_that_is_not_the_default_is_named(self):
        import ctypes
        import platform

        if platform.machine() != "x86_64":
            self.skipTest("only x86-64 has the register that is looked at")
        libm = ctypes.CDLL("libm.so.6")
        upward, nearest = 0x800, 0
        libm.fesetround(upward)
        try:
            failed = numeric._failed()
        finally:
            libm.fesetround(nearest)
        self.assertIn("float-environment", failed)
        self.assertNotIn("float-environment", numeric._failed())


if __name__ == "__main__":
    unittest.main()
