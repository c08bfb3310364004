"""How an episode ends, by the rules, or by what broke, written from one place."""

from __future__ import annotations

import sys
from typing import NoReturn

from .failures import PolicyFailure, describe, outcome_of
from .hints import with_hint
from ..recording.canonical import encode
from ..recording.canonical_tags import CanonicalError
from ..recording.recorder import Recorder
from ..world.sealed import lacks_at_end

_RECURSION_LIMIT = 1000


class Ended(Exception):
    """The episode is over; `error` is set unless it ended by the rules."""

    def __init__(self, outcome: str, error: dict | None = None, action: bytes | None = None) -> None:
        self.outcome = outcome
        self.error = error
        self.action = action


def restore_recursion_limit() -> None:
    """An environment may have lowered the limit, or left it where the recorder's own calls hit it."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))


def raise_broken(
    recorder: Recorder, error: BaseException, step: int | None, action: bytes | None = None, kind: str = "raised"
) -> NoReturn:
    """Ends an episode whose environment raised."""
    restore_recursion_limit()
    # Before the failure is described, which reads files.
    recorder.boundary()
    name, described, trace = describe(error)
    message = with_hint(described, error)
    if kind == "unknown_environment":
        # The sentence is Sameseed's own; what it is about is the exception behind it.
        trace = "" if error.__cause__ is None else describe(error.__cause__)[2]
    said = {"by": "environment", "kind": kind, "type": name, "message": message, "traceback": trace, "step": step}
    # The frames of the failure keep alive whatever filled the memory.
    error.__traceback__ = None
    raise Ended(outcome_of(error), said, action) from None


def close_episode(ended: Ended, recorder: Recorder, env: object, told: dict) -> None:
    """Writes the closing record, closes the environment, and writes the summary: `told` and how it ended."""
    restore_recursion_limit()
    error = ended.error
    chained = None if error is None else {key: error[key] for key in ("type", "message", "step", "seat") if key in error}
    # Before the environment is closed: what close() does is no part of the episode.
    recorder.close(ended.outcome, chained, ended.action)
    try:
        close = getattr(env, "close", None)
        if close is not None:
            close()
    except BaseException as failure:
        kind, message, _ = describe(failure)
        told["warnings"].append(f"env.close() raised {kind}: {message}")
    summary = {"outcome": ended.outcome, **told}
    if error is not None:
        summary["error"] = error
    lacking = lacks_at_end()
    if lacking:
        summary["notHeld"] = lacking
    recorder.end(summary)


def policy_failed(failure: PolicyFailure, step: int, seat: str) -> Ended:
    """The end of an episode in which a seat's policy failed."""
    said = {
        "by": "policy",
        "kind": failure.kind,
        "type": failure.type,
        "message": str(failure),
        "traceback": failure.trace,
        "step": step,
        "seat": failure.seat or seat,
    }
    return Ended(failure.outcome, said, failure.action)


def encoded_or_none(value: object) -> bytes | None:
    """The encoding of an action that was refused, where it has one."""
    try:
        return encode(value)
    except CanonicalError:
        return None
