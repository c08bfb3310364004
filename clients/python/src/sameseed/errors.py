"""The one exception of this package, and what is closed on the way to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class SameseedError(Exception):
    """A request that was refused, or a server that failed; `code` is one of Sameseed's catalogue of errors."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, context: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message if hint is None else f"{message}\n  {hint}")
        self.code = code
        self.message = message
        self.hint = hint
        self.context: Mapping[str, Any] = context or {}
        #: The number of the last request that the server has carried out, where the refused one had a number.
        self.number: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> SameseedError:
        """What a server told: `{code, message, hint?, context?}`."""
        code, message = str(told.get("code", "internal")), str(told.get("message", "the server failed"))
        return cls(code, message, told.get("hint"), _context_of(told.get("context")))

    def __reduce__(self) -> tuple[Any, ...]:
        return SameseedError, (self.code, self.message, self.hint, dict(self.context)), {"number": self.number}


def _context_of(told: Any) -> Mapping[str, Any]:
    """Over a WebSocket it comes as the text of a JSON document."""
    try:
        found = json.loads(told) if isinstance(told, str) else told
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


class Closable(Protocol):
    """What is open on a server."""

    def close(self) -> Any: ...


def close_all(opened: Iterable[Closable]) -> None:
    """Closes each, whatever becomes of the others: for the way to an error that says more than one of these would.

    What cannot be closed now is the lease's, and is closed with it.
    """
    for each in opened:
        try:
            each.close()
        except Exception:
            continue
