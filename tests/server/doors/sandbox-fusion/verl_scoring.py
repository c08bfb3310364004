"""verl's own scoring by SandboxFusion, unmodified: what it makes of the answers. The rest of verl, which needs torch and ray, is not loaded."""

import os
import sys
import threading
import types
from importlib.util import find_spec

for name in ("verl", "verl.utils", "verl.utils.reward_score"):
    # A package whose own text is not run: only what lies below it.
    found = types.ModuleType(name)
    found.__path__ = list(find_spec(name).submodule_search_locations)
    sys.modules[name] = found

from verl.utils.reward_score.sandbox_fusion import compute_score

url = os.environ["FUSION_URL"] + "/run_code"
sums = {"inputs": ["1 2", "3 4"], "outputs": ["3", "7"]}
one = {"inputs": ["1"], "outputs": ["1"]}


def score(text, cases, **more):
    value, told = compute_score(url, threading.Semaphore(2), 512, f"```python\n{text}\n```", dict(cases), **more)
    assert all(case.get("api_request_error") is None for case in told), told
    return value, [case["status"] for case in told]


add = "a, b = map(int, input().split())\nprint(a + b)"
assert score(add, sums) == (1.0, ["success", "success"])
assert score(add, {**sums, "outputs": ["3", "8"]}) == (0.5, ["success", "wrong_answer"])
assert score("while True: pass", one, timeout=1) == (0.0, ["timeout"])
assert score("x = (", one) == (0.0, ["runtime_error"])
assert score("import os; os.kill(os.getpid(), 9)", one) == (0.0, ["runtime_error"])
assert score("def f(a, b):\n    return a + b", {"fn_name": "f", "inputs": ["1\n2"], "outputs": ["3"]}) == (1.0, ["success"])
asserts = ["assert f(1) == 1", "assert f(1) == 2"]
assert score("def f(a):\n    return a", {"assert_case": asserts}) == (0.5, ["success", "runtime_error"])
print("conforms")
