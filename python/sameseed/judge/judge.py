"""The trusted side: it runs in a sandbox that no solution's code is in, and what it tells the host is believed.

Its one message to the host is a frame, ``u8 kind | u32 length | payload``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

from ..play.failures import clean, describe
from ..recording.canonical import encode
from ..recording.frames import HostStream
from . import judge_file
from .asker import Asker, NotLoaded, SolutionGone
from .called import finished, refuse_unfinished
from .empty_values import guarded, note_empty
from .remote import SolutionModule
from .solution import _leave
from .values import decode_value, encode_value

DONE, PASSED, FAILED, GONE, NOT_LOADED, BROKEN = 1, 2, 3, 4, 5, 6
_STREAM_FD = 3


def run_test(*, path: str, test: str, statement: str | None, fd: int, seed: int) -> NoReturn:
    """Runs one test of a judge's file against the solution at the other end of a link."""

    def work(solution: SolutionModule) -> None:
        module = judge_file.load(path, solution, seed)
        if statement is None:
            judge_file.run(module, test, solution)
        else:
            judge_file.run_statement(module, statement, solution)

    judge_solution(fd, work)


def judge_solution(fd: int, work: Callable[[SolutionModule], None]) -> NoReturn:
    """Does what tests the solution at the other end of a link, and tells what came of it."""
    asker = None
    try:
        asker = Asker(fd)
        work(SolutionModule(asker))
        asker.check()
    except NotLoaded as error:
        finish(NOT_LOADED, encode({"kind": error.kind, "said": error.said}))
    except SolutionGone as gone:
        finish(GONE, encode({"broken": gone.broken}))
    except BaseException as error:
        if asker is not None and asker.gone is not None:
            # A runner may have taken it for a failed test.
            finish(GONE, encode({"broken": asker.gone.broken}))
        # A judge that fails before it has asked the solution anything fails by itself.
        finish(FAILED if asker is not None and asker.asked > 0 else BROKEN, told(error))
    finish(PASSED, encode({}))


def list_tests(*, path: str, seed: int) -> NoReturn:
    """Says which tests a judge's file has, before there is any solution."""
    try:
        module = judge_file.load(path, SolutionModule(None), seed)
        found = judge_file.names(module)
    except BaseException as error:
        finish(BROKEN, told(error))
    finish(DONE, encode([{"name": name} for name in found]))


def prepare_calls(*, path: str, generator: str | None, count: int, seed: int) -> NoReturn:
    """Makes the bytes of every test's input and expected value, before there is any solution."""
    try:
        with open(path, "rb") as file:
            tests = json.loads(file.read())
        made = [_prepared(test) for test in tests]
        if generator is not None:
            made += _generated(generator, count, seed, len(made))
    except BaseException as error:
        finish(BROKEN, told(error))
    finish(DONE, encode(made))


def check_value(*, path: str, question: str, result: str, text: bool, seed: int) -> NoReturn:
    """Asks a checker, `check(args, result)` or `check(input, output)`, about what a solution gave."""
    try:
        check = judge_file.load(path, SolutionModule(None), seed).check
        refuse_unfinished("check", check)
        asked = _read(question).decode() if text else decode_value(_read(question))[0]
    except BaseException as error:
        finish(BROKEN, told(error))
    # From here on what goes wrong goes wrong with what the solution gave.
    try:
        found = _read(result).decode("utf-8", "replace") if text else guarded(decode_value(_read(result)))
        if text and not found.strip():
            note_empty()
        # Truth is what the judge's own code says, and no value that crossed has a method of the solution's.
        passed = bool(finished(check(asked, found)))
    except BaseException as error:
        finish(FAILED, told(error))
    finish(PASSED if passed else FAILED, encode({"message": "the checker refused it", "trace": "", "type": "checker"}))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _prepared(test: dict) -> dict:
    args = _evaluated(test["argsPython"]) if "argsPython" in test else _from_json(test.get("args", []))
    kwargs = _from_json(test.get("kwargs", {}))
    expected = None
    if "expectedPython" in test:
        expected = encode_value(_evaluated(test["expectedPython"]), "expected")
    elif "expected" in test:
        expected = encode_value(_from_json(test["expected"]), "expected")
    return {"question": encode_value((list(args), kwargs), "args"), "expected": expected}


def _generated(source: str, count: int, seed: int, first: int) -> list[dict]:
    """Tests whose inputs follow from the seed: the file defines `generate(rng)`, and `reference(*args)` where it can."""
    import random

    module = judge_file.load(source, SolutionModule(None), seed)
    made = []
    for at in range(count):
        args = tuple(module.generate(random.Random(f"sameseed/hidden-input/1/{seed}/{at}")))
        expected = encode_value(module.reference(*args), "expected") if hasattr(module, "reference") else None
        made.append({"question": encode_value((list(args), {}), "args"), "expected": expected, "name": f"generated {at + 1}"})
    return made


def _evaluated(expression: str) -> object:
    names: dict = {"inf": float("inf"), "nan": float("nan")}
    try:
        import numpy as np

        names["np"] = np
    except ImportError:  # a plain Python image
        pass
    return eval(compile(expression, "task.py", "eval", dont_inherit=True), names)


def _from_json(value: object) -> object:
    """JSON as the task's lines have it; `$float` and `$int` are numbers that JavaScript would change."""
    if type(value) is list:
        return [_from_json(item) for item in value]
    if type(value) is not dict:
        return value
    if len(value) == 1 and "$float" in value:
        return float(value["$float"])
    if len(value) == 1 and "$int" in value:
        return int(value["$int"])
    return {key: _from_json(item) for key, item in value.items()}


def told(error: BaseException) -> bytes:
    """What the host is told of an exception."""
    name, message, trace = describe(error)
    return encode({"message": message[:2000], "trace": clean(trace, 8192), "type": name})


def finish(kind: int, payload: bytes) -> NoReturn:
    """Sends the one message, and ends the process."""
    stream = HostStream(_STREAM_FD)
    stream.send(kind, payload)
    stream.flush()
    _leave(0)
