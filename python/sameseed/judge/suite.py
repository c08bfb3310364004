"""An existing pytest suite, one test at a time: split from the solution, or, labelled as weak, in its sandbox.

Where the image has pytest, pytest collects and runs; a suite that needs nothing of it (functions, classes, unittest) is
read without it.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import os
import sys
from contextlib import redirect_stdout
from typing import NoReturn

from ..play.seeds import seed_globals
from ..recording.canonical import encode
from . import judge_file
from .beyond_calls import beyond_calls
from .judge import BROKEN, DONE, FAILED, NOT_LOADED, PASSED, finish, judge_solution, told
from .judge_text import ask_plain_types
from .remote import SolutionModule
from .solution import failure, load
from .vacuous import refuse_empty_matches

_OPTIONS = ["-p", "no:cacheprovider", "-p", "no:terminal", "--import-mode=importlib", "--rootdir=/tmp/judge"]


class NeedsPytest(Exception):
    """The suite uses pytest, and the image has none."""


class _Watch:
    """What pytest says of the tests it collects and runs."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.passed = False
        self.failure: str | None = None

    def pytest_collection_modifyitems(self, items: list) -> None:
        self.names = [item.nodeid.partition("::")[2] for item in items]

    def pytest_collectreport(self, report: object) -> None:
        if report.failed and self.failure is None:
            self.failure = _last_line(report.longreprtext)

    def pytest_runtest_logreport(self, report: object) -> None:
        # A test that is skipped or expected to fail has not passed: what it should show was not shown.
        if report.when == "call" and report.outcome == "passed" and not hasattr(report, "wasxfail"):
            self.passed = True
        elif report.outcome != "passed" and self.failure is None:
            self.failure = _last_line(report.longreprtext) or report.outcome


def list_suite(*, path: str, seed: int) -> NoReturn:
    """Says which tests a suite has, before there is any solution, and what it does with one besides calling it."""
    try:
        sys.modules["solution"] = SolutionModule(None)
        if _has_pytest():
            watch = _pytest(["--collect-only"], path, "", seed)
            if watch.failure is not None:
                raise RuntimeError(watch.failure)
            found = watch.names
        else:
            _refuse_pytest(path)
            found = judge_file.names(judge_file.load(path, sys.modules["solution"], seed))
    except BaseException as error:
        finish(BROKEN, told(error))
    with open(path, "rb") as file:
        beyond = beyond_calls(file.read())
    finish(DONE, encode([{"name": name, "beyond": beyond} for name in found]))


def run_split(*, path: str, test: str, fd: int, seed: int) -> NoReturn:
    """Runs one test against the solution at the other end of a link."""
    judge_solution(fd, lambda solution: _run(path, test, solution, seed))


def run_together(*, path: str, test: str, entry: str, seed: int) -> NoReturn:
    """Runs one test in the solution's own process: for suites that do more than call it. Whoever may lie here is believed."""
    try:
        module = load(entry, seed)
    except BaseException as error:
        kind, said = failure(error)
        finish(NOT_LOADED, encode({"kind": kind, "said": said}))
    try:
        _run(path, test, module, seed)
    except BaseException as error:
        finish(FAILED, told(error))
    finish(PASSED, encode({}))


def _run(path: str, test: str, solution: object, seed: int) -> None:
    sys.modules["solution"] = solution
    if _has_pytest():
        with open(path, "rb") as file:
            judge_file.declare(file.read(), solution)
        watch = _pytest([], path, f"::{test}", seed)
        if not watch.passed or watch.failure is not None:
            raise AssertionError(watch.failure or "the test did not pass")
        return
    _refuse_pytest(path)
    judge_file.run(judge_file.load(path, solution, seed), test, solution)


def _pytest(options: list[str], path: str, test: str, seed: int) -> _Watch:
    import pytest

    with open(path, "rb") as file:
        refuse_empty_matches(file.read(), path, by_pytest=True)
    _rewrite_types()
    watch = _Watch()
    os.chdir(os.path.dirname("/tmp/judge/"))
    seed_globals(seed)
    with redirect_stdout(io.StringIO()):
        pytest.main([*_OPTIONS, *options, f"{path}{test}"], plugins=[watch])
    return watch


def _rewrite_types() -> None:
    """Has pytest make of the suite's text what is made of a judge's."""
    from _pytest.assertion import rewrite

    asserts = rewrite.rewrite_asserts

    def rewritten(tree: ast.Module, *args: object, **kwargs: object) -> None:
        ask_plain_types(tree)
        asserts(tree, *args, **kwargs)

    rewrite.rewrite_asserts = rewritten


def _has_pytest() -> bool:
    return importlib.util.find_spec("pytest") is not None


def _refuse_pytest(path: str) -> None:
    with open(path, "rb") as file:
        if b"pytest" in file.read():
            raise NeedsPytest(
                "the suite uses pytest, which the image does not have; build one with "
                "`sameseed image build pytest` and name it as the task's `image`"
            )


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().split("\n") if line.startswith("E ")]
    return (lines or text.strip().split("\n"))[-1].removeprefix("E").strip()[:2000]
