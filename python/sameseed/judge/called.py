"""Calling what a judge wrote: a function whose work is not done when it returns is done here, or refused; none is taken for passed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable


def refuse_unfinished(name: str, function: object) -> None:
    """Refuses a test or a checker that yields: nobody would go on with it, so it would pass whatever it says."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{name} yields: nothing behind its first `yield` would be run; write it without")


def finished(given: object) -> object:
    """What a call gives; of an `async def` what it gives in the end."""
    if inspect.iscoroutine(given):
        return asyncio.run(given)
    if inspect.isgenerator(given) or inspect.isasyncgen(given) or inspect.isawaitable(given):
        raise TypeError(f"what was called gives a {type(given).__name__}, which nobody goes on with")
    return given


def call_test(function: Callable, solution: object) -> None:
    """Calls a test with what it asks for: `solution`, or nothing."""
    parameters = inspect.signature(function).parameters
    unknown = [name for name in parameters if name != "solution"]
    if unknown:
        raise LookupError(f"the test asks for {', '.join(unknown)}: only `solution` is there")
    finished(function(*([solution] if "solution" in parameters else [])))


def call_fixture(owner: object, name: str, solution: object, about: object) -> None:
    """Calls what a suite has set up, or cleared away, around its tests, if it has it.

    As pytest does: it may ask for the module, class, function or method that it is about, by any name.
    """
    function = getattr(owner, name, None)
    if function is None:
        return
    parameters = inspect.signature(function).parameters
    finished(function(*[solution if parameter == "solution" else about for parameter in parameters]))
