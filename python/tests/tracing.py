"""Runs programs under the line tracer."""

import json
import os
import subprocess
import sys
import tempfile


def traced(program: str, *args: str) -> list[dict]:
    """What is written about a program that has the arguments."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "scene.py")
        with open(path, "w") as file:
            file.write(program)
        python_path = os.pathsep.join(each for each in sys.path if each)
        environment = {**os.environ, "PYTHONPATH": python_path}
        done = subprocess.run([sys.executable, path, *args], capture_output=True, env=environment, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
