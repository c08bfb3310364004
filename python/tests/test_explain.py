"""The line tracer: what it writes down, and what it leaves out."""

import dis
import json
import os
import subprocess
import sys
import tempfile
import unittest

from sameseed.audit.places import Places
from sameseed.audit.stores import names_stored, words_read
from tracing import traced

PACKAGE = """
def count(most):
    total = 0
    for number in range(most):
        total += number
    return total


KEPT = count(5)
"""

PROGRAM = """
import sys
from sameseed.audit import explain
explain.begin({})
explain._places = explain.Places(site=sys.argv[1])
sys.path.insert(0, sys.argv[1])


def play():
    import package
    try:
        import failing
    except ValueError:
        pass
    return package.count(3) + package.KEPT


play()
"""

SCENE = """
import random
import sys
from dataclasses import dataclass
from sameseed.audit import explain


@dataclass
class Spot:
    x: float


class Seen:
    def __init__(self, env):
        self.env = env


class Env:
    def __init__(self, left):
        self.speed = left
        self.list = [left] if left else []
        self.source = random.Random(left)
        self.seen = [left]
        self.look()

    def reset(self):
        self.speed = 0.0
        self.list.clear()
        self.seen = Seen(
            self
        )
        self.look()
        self.spot = Spot(self.source.random())

    def look(self):
        self.looked = True

    def use(self):
        self.list.append(1)
        self.list.clear()


env = Env(float(sys.argv[1]))
explain.begin({})
explain._in_episode = True
env.reset()
env.use()
"""

COUNTING = """
from sameseed.audit import explain

class Env:
    episodes, place = 0, 3

    def reset(self):
        self.episodes += 1
        self.place = self.place % 2
        return self.place

explain.begin({})
Env().reset()
"""

SETTING = """
from sameseed.audit import explain

class Part:
    def __init__(self):
        setattr(self, "size", 3)

def play():
    for _ in range(5):
        parts = [Part() for _ in range(50)]
        del parts

explain.begin({})
play()
"""

REFUSING = """
from sameseed.audit import explain


class Refusing:
    __slots__ = ()

    def __getattribute__(self, name):
        raise AttributeError(name)


explain.begin({})


def play():
    refusing = Refusing()
    count = 1
    return count


play()
"""


class Stores(unittest.TestCase):
    def test_names_what_each_line_assigns(self) -> None:
        text = """
def play(self, other):
    global COUNT
    self.a, other.b = 1, 2
    COUNT = self.c = abs(
        other
    )
    self.d.e = 4
    return lambda: setattr(self, "f", 5)
"""
        space: dict = {}
        exec(compile(text, "scene.py", "exec"), space)
        code = space["play"].__code__
        stored = [(line, sorted(names_stored(code, begin))) for begin, line in dis.findlinestarts(code)]
        self.assertEqual(
            [(line, names) for line, names in stored if names],
            [(4, ["self.a"]), (5, ["global COUNT", "self.c"])],
        )
        # It comes back to its first line, where it assigns.
        self.assertEqual([names for line, names in stored if line == 5][0], [])


class Reads(unittest.TestCase):
    def test_names_what_each_line_reads(self) -> None:
        text = """
def play(self, other):
    self.count += 1
    other.b = self.a + getattr(other, "c") + GLOBAL
"""
        space: dict = {}
        exec(compile(text, "scene.py", "exec"), space)
        code = space["play"].__code__
        read = {line: words_read(code, begin) for begin, line in dis.findlinestarts(code)}
        self.assertEqual(read[3], (frozenset(), {"count"}))
        self.assertEqual(read[4], ({"a", "getattr", "c", "GLOBAL"}, frozenset()))

    def test_a_count_is_told_from_what_others_read(self) -> None:
        entries = traced(COUNTING)
        counts = [(entry["line"], entry["counts"]) for entry in entries if "counts" in entry]
        self.assertEqual(counts, [(8, ["episodes"]), (9, ["place"])])
        read = {word for entry in entries for word in entry.get("reads", ())}
        self.assertIn("place", read)
        self.assertNotIn("episodes", read)


class Left(unittest.TestCase):
    """What an earlier episode left in an environment is no line's doing, before a line reads it."""

    def test_only_the_line_that_reads_it_differs(self) -> None:
        clean, left = traced(SCENE, "0"), traced(SCENE, "3")
        self.assertEqual([entry["line"] for entry in clean], [entry["line"] for entry in left])
        texts = SCENE.splitlines()
        differ = []
        for one, other in zip(clean, left, strict=True):
            theirs = dict(other["names"])
            unequal = [name for name, digest in one["names"] if name in theirs and theirs[name] != digest]
            alone = {name for name, _ in one["names"]} ^ set(theirs)
            # What was cleared in one world and was empty in the other is marked as older than the episode.
            self.assertLessEqual(alone, {*one.get("left", ()), *other.get("left", ())}, texts[one["line"] - 1])
            if unequal:
                differ.append((texts[one["line"] - 1].strip(), unequal))
        self.assertEqual(
            differ[0], ("self.spot = Spot(self.source.random())", ["self.source", "self.spot"]), differ
        )

    def test_what_is_assigned_is_written_and_what_the_episode_made_is_not_marked(self) -> None:
        for entries in (traced(SCENE, "0"), traced(SCENE, "3")):
            names = {name for entry in entries if entry["function"] != "Env.use" for name, _ in entry["names"]}
            self.assertLessEqual({"self.speed", "self.looked", "self.seen"}, names)
            used = [entry for entry in entries if entry["function"] == "Env.use"]
            marked = [name for entry in used[1:] for name in entry.get("left", ())]
            self.assertEqual(marked, [])


class Explain(unittest.TestCase):
    def test_imports_of_packages_are_left_out_and_calls_are_not(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("package", PACKAGE), ("failing", PACKAGE + "raise ValueError\n")):
                with open(os.path.join(folder, f"{name}.py"), "w") as file:
                    file.write(text)
            program = os.path.join(folder, "program.py")
            with open(program, "w") as file:
                file.write(PROGRAM)
            path = os.pathsep.join(each for each in sys.path if each)
            done = subprocess.run(
                [sys.executable, program, folder], capture_output=True, env={**os.environ, "PYTHONPATH": path}, check=True
            )
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        functions = [entry["function"] for entry in entries]
        self.assertNotIn("<module>", [entry["function"] for entry in entries if not entry["file"].endswith("program.py")])
        # One call after both imports, the one that failed included: it returns 3.
        returns = [entry for entry in entries if entry["function"] == "count" and entry["event"] == "return"]
        self.assertEqual([entry["values"]["return"] for entry in returns], ["3"])
        self.assertIn("play", functions)

    def test_what_stands_between_the_referee_and_an_environment_is_left_out(self) -> None:
        places = Places("/site", "/library")
        for package in ("gymnasium", "gym"):
            self.assertFalse(places.is_traced(f"/site/{package}/core.py"))
            self.assertFalse(places.is_traced(f"/site/{package}/wrappers/order_enforcing.py"))
            self.assertTrue(places.is_traced(f"/site/{package}/envs/toy_text/taxi.py"))

    def test_an_object_is_not_taken_for_one_that_lay_where_it_lies(self) -> None:
        entries = [entry for entry in traced(SETTING) if entry.get("function") == "Part.__init__"]
        given = [[name for name, _ in entry["names"] if name == "self.size"] for entry in entries if entry["after"] == 0]
        self.assertEqual(given, [["self.size"]] * 250)

    def test_an_object_that_answers_nothing_does_not_end_it(self) -> None:
        entries = traced(REFUSING)
        self.assertEqual([entry["line"] for entry in entries if entry.get("function") == "play"], [16, 17, 18], entries)
        self.assertNotIn({"cut": True}, entries)

    def test_a_trace_that_fails_says_that_it_is_not_whole(self) -> None:
        failing = REFUSING.replace("explain.begin({})", "explain.begin({}); explain._names = None")
        self.assertEqual(traced(failing)[-1:], [{"cut": True}])


if __name__ == "__main__":
    unittest.main()
