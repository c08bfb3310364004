"""A package that cannot be imported: one sentence with the package, and what is missing."""

import os
import sys
import tempfile
import unittest
from unittest import mock

from sameseed.play.missing import why_missing
from sameseed.play.no_file import KERNEL, READ_ONLY, UNSEALED, file_hint
from sameseed.play.no_screen import ASK, screen_hint
from support import play


def environment(source: str) -> dict:
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(source)
    return {"kind": "file", "path": file.name, "class": "Env"}


def module(name: str, source: str) -> None:
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, f"{name}.py"), "w", encoding="utf-8") as file:
        file.write(source)
    sys.path.insert(0, folder)


class Missing(unittest.TestCase):
    def test_sentences(self):
        no_module = ModuleNotFoundError("No module named 'cv2.aruco'", name="cv2.aruco")
        self.assertEqual(
            why_missing("pkg", no_module, True),
            "pkg needs the module cv2.aruco (package opencv-python-headless), which is not in this image",
        )
        left_out = ModuleNotFoundError("No module named 'tkinter'", name="tkinter.ttk")
        self.assertEqual(
            why_missing("pkg", left_out, True),
            "pkg needs the module tkinter.ttk of Python's standard library, which this image does not have",
        )
        own = ModuleNotFoundError("No module named 'helper'", name="helper")
        self.assertEqual(why_missing("pkg", own, True), "pkg needs the module helper, which is not in this image")
        for library in (
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory"),
            OSError("/usr/lib/libGL.so.1: cannot open shared object file"),
        ):
            self.assertIn("pkg needs the system library libGL.so.1, which", why_missing("pkg", library, False))
        named = ImportError('Library "freetype" not found.')
        self.assertIn("pkg needs the system library freetype, which", why_missing("pkg", named, False))
        own = "/opt/python/lib/python3.11/site-packages/engine/build/lib_engine.so"
        unbuilt = OSError(f"{own}: cannot open shared object file: No such file or directory")
        self.assertEqual(
            why_missing("pkg", unbuilt, True),
            "pkg looks for a file of its own, engine/build/lib_engine.so, which the package that was installed does not have; "
            "another version of it may",
        )
        memory = ImportError("libtorch_cuda.so: failed to map segment from shared object", name="_C")
        self.assertIn("pkg cannot be imported in the memory it has: libtorch", why_missing("pkg", memory, True))
        name = ImportError("cannot import name 'Old' from 'new.part'", name="new.part")
        self.assertIn("pkg needs another version of new, ", why_missing("pkg", name, False))
        attribute = AttributeError("module 'numpy' has no attribute 'bool8'")
        self.assertIn("pkg needs another version of numpy: module 'numpy'", why_missing("pkg", attribute, True))
        self.assertIsNone(why_missing("pkg", attribute, False))
        self.assertIsNone(why_missing("pkg", FileNotFoundError(2, "No such file or directory"), False))

    def test_an_environment_without_an_action_space(self):
        source = "class Env:\n action_space = None\n def reset(self, **given): return 0, {}\n"
        source += " def step(self, action): return 0, 0.0, True, False, {}\n"
        end = play(environment(source)).end
        self.assertEqual((end["error"]["type"], end["error"]["step"]), ("TypeError", 1))
        self.assertIn("action_space is None, so that there is nothing to sample; name a policy", end["error"]["message"])

    def test_a_file_whose_import_is_missing(self):
        end = play(environment("import nosuchpackage\nclass Env: pass\n")).end
        self.assertEqual((end["error"]["kind"], end["error"]["step"]), ("unknown_environment", None))
        self.assertIn("needs the module nosuchpackage", end["error"]["message"])
        # The traceback is the import's own.
        self.assertIn("import nosuchpackage", end["error"]["traceback"])
        self.assertNotIn("why_missing", end["error"]["traceback"])

    def test_a_screen_that_is_missing_is_no_network(self):
        source = """
class NoSuchDisplayException(Exception):
    pass
class Env:
    reset = step = print
    def __init__(self, words='Cannot connect to "None"'):
        if words:
            try:
                raise NoSuchDisplayException(words)
            except NoSuchDisplayException as error:
                raise RuntimeError('no window') from error
        raise ValueError('no display of results')
"""
        end = play(environment(source)).end
        self.assertEqual((end["outcome"], end["error"]["type"]), ("env_error", "RuntimeError"))
        self.assertRegex(end["error"]["message"], r"^no window \(a sandbox has no screen; .*rgb_array.*PYGLET_HEADLESS=True\)$")
        other = play(environment(source), env_args={"words": ""}).end
        self.assertEqual(other["error"]["message"], "no display of results")
        for words in (
            "no display name and no $DISPLAY environment variable",
            "X11: The DISPLAY environment variable is missing",
            "No available video device",
        ):
            self.assertEqual(screen_hint(RuntimeError(words)), ASK)

    def test_files_that_a_sandbox_does_not_have(self):
        source = """
class Env:
    reset = step = print
    def __init__(self, path, mode='r'):
        try:
            open(path, mode).close()
        except OSError as error:
            raise RuntimeError('no file') from error
"""
        installed = os.path.join(os.path.dirname(os.__file__), "data.txt")
        for args, hint in (
            ({"path": "/proc/meminfo_of_nobody"}, f"no file ({KERNEL})"),
            ({"path": installed, "mode": "w"}, f"no file ({READ_ONLY})"),
            ({"path": "/tmp/nowhere/data.txt"}, "no file"),
        ):
            end = play(environment(source), env_args=args).end
            self.assertEqual((end["error"]["type"], end["error"]["message"]), ("RuntimeError", hint))
        self.assertEqual(file_hint(PermissionError(13, "Permission denied", installed)), READ_ONLY)
        self.assertEqual(file_hint(PermissionError(13, "Permission denied", "/tmp/closed")), "")
        started = PermissionError(13, "Permission denied", sys.executable)
        with mock.patch("sameseed.world.sealed.name", return_value="sealed"):
            self.assertEqual(file_hint(started), UNSEALED)
            self.assertEqual(file_hint(PermissionError(13, "Permission denied", installed)), READ_ONLY)
        with mock.patch("sameseed.world.sealed.name", return_value="host"):
            self.assertNotEqual(file_hint(started), UNSEALED)

    def test_what_else_a_file_raises_is_its_own_failure(self):
        end = play(environment("raise ValueError('no')\n")).end
        self.assertEqual((end["outcome"], end["error"]["kind"]), ("env_error", "raised"))

    def test_a_module_that_cannot_be_imported(self):
        module("brokenpackage", "import numpy\nnumpy.nosuchname\n")
        end = play("brokenpackage:Env-v0").end
        self.assertEqual(end["error"]["kind"], "unknown_environment")
        self.assertIn("brokenpackage needs another version of numpy: ", end["error"]["message"])
        self.assertIn("(brokenpackage.py:2)", end["error"]["message"])


if __name__ == "__main__":
    unittest.main()
