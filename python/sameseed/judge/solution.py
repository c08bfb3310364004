"""Runs a solution in its own sandbox.

It guards nothing: whatever the solution does to this process, it does to its own answer. What is in this process is the
solution and one test's input; expected values, other tests and the judge are elsewhere. Its one message to the host is a
frame, ``u8 kind | u32 length | payload``; a second one, or a word more, is the test's failure.
"""

from __future__ import annotations

import atexit
import io
import os
import sys
import threading
from typing import NoReturn

from ..play.failures import clean, describe, outcome_of
from ..play.seeds import seed_globals
from ..recording.canonical import encode
from ..recording.frames import HostStream
from .values import NoValue, decode_value, encode_value

VALUE, RAISED, COMPILE, MISSING, NO_VALUE, ENDED = 1, 2, 3, 4, 5, 6
_STREAM_FD = 3
_MAX_TEXT = 2000
FOLDER = "/tmp/solution"


class Missing(Exception):
    """The solution does not define what is asked for."""


def answer_call(*, entry: str, function: str, question: str, observe: int | None, seed: int) -> NoReturn:
    """Calls a function of the solution once and sends what it gives, or what argument `observe` is afterwards."""
    args, kwargs = decode_value(_taken(question))
    own = os.getpid()
    try:
        module = load(entry, seed)
        value = resolve(module, function)(*args, **kwargs)
        answer = (VALUE, encode_value(value if observe is None else args[observe], "result"))
    except BaseException as error:
        answer = failure(error)
    # A child of the solution's that comes back here, as `sys.exit` in one does, has nothing to answer.
    if os.getpid() == own:
        _send(*answer)
    _leave(0)


def run_program(*, entry: str, question: str, seed: int) -> None:
    """Runs the solution as a program that reads standard input; how it ends is its exit status."""
    _run_main(_prepared(entry, question, seed), entry)


def run_child(*, entry: str, question: str, seed: int) -> None:
    """Runs a program in a process of its own, and tells how that ended: a sandbox's first one ignores many signals."""
    code = _prepared(entry, question, seed)
    child = os.fork()
    if child == 0:
        os.close(_STREAM_FD)
        _run_main(code, entry)
        return
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _send(ENDED, encode({"status": status}))
    _leave(0)


def _prepared(entry: str, question: str, seed: int) -> object:
    _read_from(question)
    code = _compiled(entry)
    if code is None:
        _leave(1)
    _begin(seed)
    return code


def _run_main(code: object, entry: str) -> None:
    # What the warm interpreter registered is none of the program's.
    atexit._clear()
    main = type(sys)("__main__")
    main.__file__ = f"{FOLDER}/{entry}"
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    sys.argv = [main.__file__]
    try:
        exec(code, main.__dict__)
    finally:
        # As the interpreter's own end does: first its threads, then what it left to be done.
        threading._shutdown()
        atexit._run_exitfuncs()
        _flush()
        if not isinstance(sys.exc_info()[1], Exception):
            sys.stdout = sys.__stdout__
            _empty(main)
            _flush()


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        if not getattr(stream, "closed", False):
            stream.flush()


def _empty(main: object) -> None:
    """Lets go of what a program holds, in the interpreter's order: a file that it left open is written then."""
    names = main.__dict__
    for hidden in (True, False):
        for name in [each for each in names if each.startswith("_") is hidden and each != "__builtins__"]:
            names[name] = None


def load(entry: str, seed: int) -> object:
    """Imports the solution as the module `solution`; raises SyntaxError as a CompileFailure, or what it raises."""
    path = f"{FOLDER}/{entry}"
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CompileFailure(f"{type(error).__name__}: {error}") from None
    _begin(seed)
    module = type(sys)("solution")
    module.__file__ = path
    sys.modules["solution"] = module
    exec(code, module.__dict__)
    return module


class CompileFailure(Exception):
    """The solution's text is no Python."""


def resolve(module: object, name: str) -> object:
    """A function by its dotted name. A method of a class is one of a fresh instance, as `Solution.method` is meant."""
    found = module
    for part in name.split("."):
        if isinstance(found, type) and not isinstance(found.__dict__.get(part), (staticmethod, classmethod)):
            found = found()
        try:
            found = getattr(found, part)
        except AttributeError:
            raise Missing(f"the solution defines no {name}") from None
    return found


def failure(error: BaseException) -> tuple[int, bytes]:
    """What a failed solution is told of as: a kind, and texts for people that the solution may have written."""
    kind = {CompileFailure: COMPILE, Missing: MISSING, NoValue: NO_VALUE}.get(type(error), RAISED)
    name, message, trace = describe(error)
    limit = outcome_of(error)
    return kind, encode({"limit": limit, "message": message[:_MAX_TEXT], "trace": clean(trace, 8192), "type": name})


def _begin(seed: int) -> None:
    seed_globals(seed)
    os.chdir(FOLDER)
    if FOLDER not in sys.path:
        sys.path.insert(0, FOLDER)
    sys.dont_write_bytecode = True


def _compiled(entry: str) -> object:
    path = f"{FOLDER}/{entry}"
    with open(path, "rb") as file:
        source = file.read()
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        _send(COMPILE, encode({"limit": "", "message": clean(str(error), _MAX_TEXT), "trace": "", "type": type(error).__name__}))
        return None


def _taken(path: str) -> bytes:
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    return data


def _read_from(path: str) -> None:
    # A file without a name rather than a pipe: nobody has to write it while the program runs.
    fd = os.open(path, os.O_RDONLY)
    os.unlink(path)
    os.dup2(fd, 0)
    os.close(fd)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r", closefd=False)), "utf-8", "surrogateescape")
    # The interpreter's own has it, and fast readers look at it.
    sys.stdin.mode = "r"
    sys.__stdin__ = sys.stdin


def _send(kind: int, payload: bytes) -> None:
    stream = HostStream(_STREAM_FD)
    stream.send(kind, payload)
    stream.flush()


def _leave(status: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    os._exit(status)
