"""The session of `envs/single/python_session.py`, as an environment by itself."""

import sys
import unittest

from sameseed.play.failures import UnknownEnvironment
from sameseed.play.shipped_environments import known, shipped

ID = "sameseed/PythonSession-v0"


def opened(**arguments: object) -> object:
    session = shipped(ID, arguments)
    session.reset(seed=1)
    return session


class Sessions(unittest.TestCase):
    def said(self, session: object, source: str) -> dict:
        seen, reward, terminated, truncated, info = session.step(source)
        self.assertEqual((reward, truncated, info), (0.0, False, {}))
        self.assertEqual(terminated, source.startswith("raise SystemExit"))
        return seen

    def test_state_stays(self) -> None:
        session = opened()
        self.assertEqual(self.said(session, "x = 20"), {"stdout": "", "stderr": "", "result": None, "error": None})
        self.assertEqual(self.said(session, "def f(): return x + 1\nprint(f())\nf() * 2")["result"], "42")
        self.assertEqual(self.said(session, "f()\nNone")["result"], None)
        session.reset(seed=1)
        self.assertIn("NameError: name 'f' is not defined", self.said(session, "f()")["error"])

    def test_streams_are_apart(self) -> None:
        seen = self.said(opened(), "import sys\nprint('a')\nprint('b', file=sys.stderr)\nsys.stdout.write('c')")
        self.assertEqual(seen, {"stdout": "a\nc", "stderr": "b\n", "result": "1", "error": None})
        self.assertNotIn("Kept", type(sys.stdout).__name__)

    def test_an_error_shows_the_sources_own_lines(self) -> None:
        session = opened()
        seen = self.said(session, "print('before')\ndef f():\n    return 1 / 0\nf()")
        self.assertEqual(seen["stdout"], "before\n")
        self.assertTrue(seen["error"].startswith('Traceback (most recent call last):\n  File "<action 1>", line 4'))
        self.assertIn("    return 1 / 0\n", seen["error"])
        self.assertTrue(seen["error"].endswith("ZeroDivisionError: division by zero"))
        self.assertNotIn("python_session.py", seen["error"])
        # A function of an earlier action is found by its own lines.
        self.assertIn('File "<action 1>", line 3, in f', self.said(session, "f()")["error"])

    def test_whatever_a_source_does_is_an_observation(self) -> None:
        session = opened()
        for source, word in (
            ("def", "SyntaxError"),
            ("x = '\\0", "SyntaxError"),
            ("\0", "null bytes"),
            ("raise KeyboardInterrupt", "KeyboardInterrupt"),
            ("raise GeneratorExit", "GeneratorExit"),
            ("def f(): f()\nf()", "RecursionError"),
            ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "E"),
            ("class R:\n    def __repr__(self): return 1\nR()", "TypeError"),
            ("import nothing_of_this_name", "ModuleNotFoundError"),
            ("(" * 5000, "Error"),
        ):
            with self.subTest(source=source[:40]):
                self.assertIn(word, self.said(session, source)["error"])
        self.assertEqual(self.said(session, "'\\ud800'")["result"], "'\\ud800'")
        self.assertEqual(self.said(session, "print('\\ud800')")["stdout"], "\\ud800\n")

    def test_nothing_is_inherited_from_the_environments_own_file(self) -> None:
        self.assertEqual(self.said(opened(), "def f(a: 1 + 1): pass\nf.__annotations__['a']")["result"], "2")

    def test_classes_can_be_found_by_name(self) -> None:
        source = "import pickle\nclass A: pass\ntype(pickle.loads(pickle.dumps(A()))) is A"
        self.assertEqual(self.said(opened(), source)["result"], "True")

    def test_an_exit_is_the_end(self) -> None:
        self.assertEqual(self.said(opened(), "raise SystemExit('done')")["result"], "done")

    def test_texts_are_cut_in_the_middle(self) -> None:
        session = opened(output_characters=100)
        seen = self.said(session, "for i in range(1000): print(i)")["stdout"]
        self.assertTrue(seen.startswith("0\n1\n2\n") and seen.endswith("998\n999\n"))
        self.assertIn("[… 3790 characters left out …]", seen)
        self.assertLess(len(self.said(session, "'a' * 10**6")["result"]), 200)
        self.assertLess(len(self.said(session, "raise ValueError('a' * 10**6)")["error"]), 200)

    def test_time_that_is_used_up_ends_it_and_what_was_printed_is_gone(self) -> None:
        for loop in ("while True: pass", "while True:\n    try: pass\n    except Exception: pass"):
            session = opened(time_ms=50)
            seen, _, terminated, _, _ = session.step(f"print('begun')\n{loop}")
            self.assertTrue(terminated)
            error = "TimeLimit: the action used more than 50 ms of CPU time"
            self.assertEqual(seen, {"stdout": "", "stderr": "", "result": None, "error": error})

    def test_arguments(self) -> None:
        self.assertIn(ID, known())
        for arguments in ({"time_ms": 0}, {"time_ms": 1.5}, {"output_characters": 99}):
            with self.assertRaises(ValueError):
                shipped(ID, arguments)
        with self.assertRaises(UnknownEnvironment):
            shipped(ID, {"minutes": 1})
        with self.assertRaisesRegex(UnknownEnvironment, "did you mean sameseed/PythonSession-v0"):
            shipped("sameseed/PythonSesion-v0", {})


if __name__ == "__main__":
    unittest.main()
