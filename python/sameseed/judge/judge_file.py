"""A trusted judge's file: which tests it has, and how one is run."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import types
import unittest
from collections.abc import Iterator
from contextlib import contextmanager

from ..play.seeds import seed_globals
from ..recording.canonical_tags import module_name
from .called import call_fixture, call_test, refuse_unfinished
from .judge_text import compiled, library_meant, names_lacking
from .remote import SolutionModule
from .vacuous import refuse_empty_matches

_STATEMENT = "judge.py"


def load(path: str, solution: SolutionModule, seed: int) -> types.ModuleType:
    """Runs the judge's file with that solution behind the name `solution`; raises what it raises."""
    with open(path, "rb") as file:
        source = file.read()
    code = compiled(source, path)
    declare(source, solution)
    seed_globals(seed)
    sys.modules["solution"] = solution
    module = types.ModuleType("judge")
    module.__file__ = path
    sys.modules["judge"] = module
    refuse_empty_matches(source, path)
    exec(code, module.__dict__)
    return module


def declare(source: bytes, solution: object) -> None:
    """Tells the solution's proxy what the file says at its top level.

    `OPERATORS = ["Vector"]` are the classes of the solution whose operators it asks for, `CHANGING = ["partition"]` functions
    that give something and whose changes of their arguments count as well.
    """
    said = {"OPERATORS": (), "CHANGING": ()}
    for node in ast.parse(source).body:
        names = [getattr(target, "id", None) for target in node.targets] if isinstance(node, ast.Assign) else []
        if len(names) == 1 and names[0] in said:
            said[names[0]] = tuple(ast.literal_eval(node.value))
    if isinstance(solution, SolutionModule):
        solution._declare(said["OPERATORS"], said["CHANGING"])


def names(module: types.ModuleType) -> list[str]:
    """The tests of a file in the order they are written: functions, and methods of classes, whose names begin with test."""
    found: list[str] = []
    for name, value in module.__dict__.items():
        if isinstance(value, types.FunctionType) and name.startswith("test"):
            refuse_unfinished(name, value)
            found.append(name)
        elif isinstance(value, type) and module_name(value) == "judge" and _holds_tests(name, value):
            methods = [each for each in dir(value) if each.startswith("test") and callable(getattr(value, each))]
            for each in methods:
                _refuse_method(f"{name}.{each}", value, getattr(value, each))
            found += [f"{name}.{each}" for each in methods]
    return found


def _refuse_method(name: str, owner: type, method: object) -> None:
    refuse_unfinished(name, method)
    is_plain = issubclass(owner, unittest.TestCase) and not issubclass(owner, unittest.IsolatedAsyncioTestCase)
    if is_plain and inspect.iscoroutinefunction(method):
        raise TypeError(f"{name} is async, which unittest.TestCase does not run: use unittest.IsolatedAsyncioTestCase")


def run(module: types.ModuleType, name: str, solution: SolutionModule) -> None:
    """Runs one test; raises AssertionError or whatever else says that it failed."""
    first, _, method = name.partition(".")
    found = getattr(module, first)
    with _within(module, "module", solution, module):
        if not method:
            with _within(module, "function", solution, found):
                call_test(found, solution)
        elif issubclass(found, unittest.TestCase):
            _run_case(found, method)
        else:
            with _within(found, "class", solution, found):
                each = found()
                with _within(each, "method", solution, getattr(each, method)):
                    call_test(getattr(each, method), solution)


@contextmanager
def _within(owner: object, what: str, solution: SolutionModule, about: object) -> Iterator[None]:
    """What a suite does around a module, a class, a function or a method; what it clears away is part of the test."""
    call_fixture(owner, f"setup_{what}", solution, about)
    try:
        yield
    finally:
        call_fixture(owner, f"teardown_{what}", solution, about)


def _run_case(case: type, method: str) -> None:
    result = unittest.TestResult()
    # In a suite, which sets up its module and class.
    unittest.TestSuite([case(method)]).run(result)
    for _, text in [*result.failures, *result.errors, *result.skipped]:
        raise AssertionError(text.strip().split("\n")[-1])
    if result.testsRun != 1 or result.unexpectedSuccesses or result.expectedFailures:
        raise AssertionError("the test did not pass")


def run_statement(module: types.ModuleType, text: str, solution: SolutionModule) -> None:
    """Runs one statement, such as an assertion, in the judge's names; those it lacks are the solution's.

    Python's own names are never the solution's: one that defines `sorted` or `set` has no say in what they do here. Nor are
    modules: one that has a class `math` has none in what ``math.isclose`` does.
    """
    tree = ast.parse(text, _STATEMENT)
    said = [text]
    for name in names_lacking(tree, text):
        if name in module.__dict__ or hasattr(builtins, name):
            continue
        library = library_meant(tree, name)
        if library is not None:
            module.__dict__[name] = library
            said.append(library.__name__)
            continue
        try:
            module.__dict__[name] = getattr(solution, name)
        except AttributeError:
            continue
    refuse_empty_matches("\n".join(said).encode(), _STATEMENT)
    exec(compiled(text, _STATEMENT), module.__dict__)


def _holds_tests(name: str, value: type) -> bool:
    return issubclass(value, unittest.TestCase) or (name.startswith("Test") and value.__init__ is object.__init__)
