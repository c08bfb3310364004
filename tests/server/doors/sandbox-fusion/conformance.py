"""SandboxFusion's client, unmodified: what of its protocol this project counts on. Its calls for event loops need aiohttp, and are not tried."""

import base64
import os
import sys
import types

sys.modules["aiohttp"] = types.ModuleType("aiohttp")

import sandbox_fusion as fusion

fusion.set_endpoint(os.environ["FUSION_URL"])


def run(code, **more):
    return fusion.run_code(fusion.RunCodeRequest(code=code, **{"language": "python", **more}), max_attempts=1)


told = run("print(int(input()) ** 2)", stdin="7\n")
assert told.status == "Success" and told.run_result.stdout == "49\n", told
files = {"a.txt": base64.b64encode(b"x").decode()}
told = run("open('b.txt', 'w').write(open('a.txt').read() * 2)", files=files, fetch_files=["b.txt"])
assert base64.b64decode(told.files["b.txt"]) == b"xx", told

# The words that its own summary makes of answers.
words = fusion.SummaryMapping(
    Success="ok", Failed="failed", CompileFailed="compile", CompileTimeout="late compile", RunFailed="run", RunTimeout="late"
)
for code, more, expected in (
    ("pass", {}, "ok"),
    ("exit(3)", {}, "run"),
    ("while True: pass", {"run_timeout": 0.5}, "late"),
    ("import os; os.kill(os.getpid(), 9)", {}, "run"),
    ("[[ a == a ]]", {"language": "bash"}, "ok"),
    ("broken", {"language": "cpp"}, "compile"),
    ("endless", {"language": "cpp", "compile_timeout": 0.5}, "late compile"),
    ("#!/bin/sh\nexit 0", {"language": "cpp"}, "ok"),
):
    summary = fusion.summary_run_code_result(run(code, **more), words)
    assert summary == expected, (code, summary)

cells = fusion.run_jupyter(fusion.RunJupyterRequest(cells=["x = 3", "x + 1", "x / 0"]), max_attempts=1)
assert cells.status == "Success", cells
assert cells.cells[1].display == [{"text/plain": "4"}] and cells.cells[2].error[0]["ename"] == "ZeroDivisionError", cells

tests = [{"input": {"stdin": "2\n"}, "output": {"stdout": "4\n"}}]
request = fusion.SubmitRequest(
    dataset="x",
    id=1,
    completion="```python\nprint(int(input()) ** 2)\n```",
    config=fusion.TestConfig(language="python", provided_data={"test": tests}),
)
judged = fusion.submit(request, max_attempts=1)
assert judged.accepted is True and judged.tests[0].passed is True, judged

try:
    run("puts 1", language="ruby")
except Exception as error:
    assert "422" in str(error) and "ruby" not in str(error).split(":", 1)[0], error
else:
    raise AssertionError("a language that is not there was run")
print("conforms")
