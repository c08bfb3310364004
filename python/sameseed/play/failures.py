"""How a rollout fails: what the referee catches, and how an exception becomes an outcome and a few plain texts.

Messages and tracebacks come from code nobody trusts. Asking an exception for its text may itself raise, recurse or
return something that is no text, so every question is guarded and every answer cut to a length.
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Iterator
from types import TracebackType

_MAX_TYPE = 200
_MAX_MESSAGE = 4096
_MAX_TRACEBACK = 16384
_MOST_BEHIND = 20
_NO_THREAD = "can't start new thread"
_OWN_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class UnknownEnvironment(Exception):
    """What was asked for cannot be made: an unknown id, module, class or argument. Not the environment's fault."""


def behind(error: BaseException) -> Iterator[BaseException]:
    """An exception and those behind it, the outermost first; some of many, since they may lead back to each other."""
    seen: BaseException | None = error
    for _ in range(_MOST_BEHIND):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


class PolicyFailure(Exception):
    """A seat's policy failed.

    `kind` says how, in the referee's own words: `raised`, `illegal_action`, `protocol`, `limit`, `silent`, and while
    loading `bad_policy` or `no_policy`. Only `kind` and `outcome` decide anything: `type`, the message and the trace are
    texts for people, and the policy may have written them.
    """

    def __init__(
        self,
        outcome: str,
        kind: str,
        type: str,
        message: str,
        *,
        trace: str = "",
        action: bytes | None = None,
        seat: str | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.kind = kind
        self.type = type
        self.trace = trace
        # The encoding of a refused action.
        self.action = action
        # Set where the failing seat is not the one whose turn it is.
        self.seat = seat


class IllegalAction(Exception):
    """A value that is not an action of the space; `value` is the refused value where it is known."""

    value: object = None


class OutOfActions(Exception):
    """A recorded action list has come to its end."""


def clean(text: str, limit: int) -> str:
    """Text as it can be recorded: valid UTF-8, at most `limit` code points."""
    return text[:limit].encode("utf-8", "backslashreplace").decode()[:limit]


def describe(error: BaseException) -> tuple[str, str, str]:
    """The type name, message and traceback of an exception, as plain texts."""
    kind = type.__getattribute__(type(error), "__qualname__")
    try:
        message = str(error)
        message = message if type(message) is str else ""
    except BaseException:
        message = "(the message cannot be read: asking for it raised)"
    try:
        trace = "".join(traceback.format_exception(type(error), error, _foreign_part(error.__traceback__)))
    except BaseException:
        trace = ""
    if len(trace) > _MAX_TRACEBACK:
        # The end names the error, so the middle is what can be missed.
        half = _MAX_TRACEBACK // 2 - 8
        trace = f"{trace[:half]}\n[…]\n{trace[-half:]}"
    return clean(str(kind), _MAX_TYPE), clean(message, _MAX_MESSAGE), clean(trace, _MAX_TRACEBACK)


def _foreign_part(trace: TracebackType | None) -> TracebackType | None:
    """Leaves out the leading frames that are Sameseed's own."""
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
        first = first.tb_next
    return first or trace


def outcome_of(error: BaseException) -> str:
    """The outcome of an exception that environment code raised."""
    if isinstance(error, MemoryError):
        return "memory_limit"
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:
        return "process_limit"
    if isinstance(error, RuntimeError) and error.args == (_NO_THREAD,):
        return "process_limit"
    return "env_error"


def reported_outcome(kind: str, message: str) -> str:
    """The outcome of an exception that a policy's sandbox reported in words: `outcome_of` for one that is elsewhere."""
    if kind == "MemoryError":
        return "memory_limit"
    if kind == "BlockingIOError" and message.startswith(f"[Errno {errno.EAGAIN}]"):
        return "process_limit"
    if kind == "RuntimeError" and message == _NO_THREAD:
        return "process_limit"
    return "policy_error"
