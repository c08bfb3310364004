"""Runs the cells of a notebook one after the other in one interpreter, and writes what each of them gave.

`python3 -m sameseed.judge.cells FILE`: the file holds `{"cells": [...], "cellTimeout": seconds, "output": path}`. It guards
nothing: what the cells do to this process, they do to their own results.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import signal
import sys
import traceback


def run_cells(cells: list[str], seconds: float) -> list[dict[str, object]]:
    """What each cell wrote, showed and raised. A cell behind one that failed is run as well."""
    main = type(sys)("__main__")
    sys.modules["__main__"] = main
    results = []
    for number, source in enumerate(cells, 1):
        # Its default action ends the process: a cell that catches everything cannot put it off.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        results.append(_run_cell(source, f"<cell {number}>", main.__dict__))
        signal.setitimer(signal.ITIMER_REAL, 0)
    return results


def _run_cell(source: str, name: str, scope: dict[str, object]) -> dict[str, object]:
    stdout, stderr = io.StringIO(), io.StringIO()
    display: list[object] = []
    error: list[object] = []
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            shown = _execute(source, name, scope)
            if shown is not None:
                display.append({"text/plain": repr(shown)})
        except BaseException as raised:
            trace = traceback.format_exception(type(raised), raised, raised.__traceback__)
            error.append({"ename": type(raised).__name__, "evalue": str(raised), "traceback": trace})
    return {"stdout": stdout.getvalue(), "stderr": stderr.getvalue(), "display": display, "error": error}


def _execute(source: str, name: str, scope: dict[str, object]) -> object:
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec", dont_inherit=True), scope)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), scope)


def main(path: str) -> None:
    """Runs the notebook of a file."""
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    results = run_cells(notebook["cells"], notebook["cellTimeout"])
    with open(notebook["output"], "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(results, file)


if __name__ == "__main__":
    main(sys.argv[1])
