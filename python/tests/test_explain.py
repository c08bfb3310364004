"""The line tracer: what it writes down, and what it leaves out."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

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
explain._site = sys.argv[1]
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


if __name__ == "__main__":
    unittest.main()
