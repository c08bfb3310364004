"""A connection to an environment that speaks OpenEnv's protocol, and episodes that are played over it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from ..connection import WITHOUT_PROXY
from .credentials import headers_for

_MESSAGE_MOST = 100 * 1024 * 1024
# A session goes only after its connection does: there may be room for another a little later.
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)


class SessionError(Exception):
    """The environment did not answer as the protocol has it."""


class NoRoom(SessionError):
    """The environment allows no further session now, which is no fault: OpenEnv's default is one at a time."""


@dataclass(frozen=True)
class Episode:
    """What is asked of an environment: a reset, and the actions behind it."""

    reset: dict[str, Any]
    actions: tuple[Any, ...]

    def with_seed(self, seed: int) -> Episode:
        """The same episode from another seed."""
        return Episode({**self.reset, "seed": seed}, self.actions)

    @property
    def seed(self) -> int:
        """The seed of its reset."""
        return int(self.reset["seed"])


class Session:
    """One connection, which has an environment of its own."""

    def __init__(self, base_url: str, timeout: float) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._is_begun = False
        self._socket = self._open()

    def ask(self, kind: str, data: Any = None) -> dict[str, Any]:
        """Sends a message and gives the data of the answer. The first waits a little for room."""
        for wait in () if self._is_begun else _WAITS:
            try:
                return self._exchange(kind, data)
            except NoRoom:
                # OpenEnv's server ends a connection that it has no room for.
                self._socket.close()
                time.sleep(wait)
                self._socket = self._open()
        return self._exchange(kind, data)

    def play(self, episode: Episode) -> list[dict[str, Any]]:
        """The answers to the reset and to each action, up to the end."""
        return self.go_on(self.ask("reset", episode.reset), episode)

    def go_on(self, begun: dict[str, Any], episode: Episode) -> list[dict[str, Any]]:
        """The same, of an episode whose reset has been answered."""
        answers = [begun]
        for action in episode.actions:
            if answers[-1].get("done") is True:
                break
            answers.append(self.ask("step", action))
        return answers

    def _open(self) -> ClientConnection:
        try:
            opening = connect(
                _socket_url(self._base_url),
                additional_headers=headers_for(self._base_url),
                open_timeout=self._timeout,
                close_timeout=1,
                max_size=_MESSAGE_MOST,
                compression=None,
                **WITHOUT_PROXY,
            )
        except (OSError, WebSocketException) as error:
            raise SessionError(f"no connection ({type(error).__name__})") from error
        # Not every version gives a connection without being entered.
        socket: ClientConnection = opening.__enter__()
        return socket

    def _exchange(self, kind: str, data: Any) -> dict[str, Any]:
        try:
            try:
                self._socket.send(json.dumps({"type": kind} if data is None else {"type": kind, "data": data}))
            except ConnectionClosed:
                # Why it was closed may have been said before.
                pass
            answer = json.loads(self._socket.recv(timeout=self._timeout))
        except (OSError, WebSocketException, ValueError) as error:
            raise SessionError(f"no answer to {kind} ({type(error).__name__})") from error
        told = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(told, dict) or answer.get("type") == "error":
            code = told.get("code") if isinstance(told, dict) else None
            raise (NoRoom if code == "CAPACITY_REACHED" else SessionError)(f"{kind} was refused ({code})")
        self._is_begun = True
        return told

    def close(self) -> None:
        """Closes it."""
        self._socket.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def play_alone(base_url: str, episode: Episode, timeout: float) -> list[dict[str, Any]]:
    """Plays an episode over a connection of its own."""
    with Session(base_url, timeout) as session:
        return session.play(episode)


def first_difference(
    left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]], ignored: frozenset[str] = frozenset()
) -> str | None:
    """Where two episodes part, as `step 3: observation.info.x: 1 and 2`; None where they are equal to the last bit.

    Fields of a name that is `ignored` are not compared.
    """
    for at, (one, other) in enumerate(zip(left, right)):
        found = _difference("", one, other, ignored)
        if found is not None:
            return f"{'the reset' if at == 0 else f'step {at}'}: {found}"
    if len(left) != len(right):
        return f"one ended after {min(len(left), len(right)) - 1} steps, the other went on"
    return None


def _difference(path: str, one: Any, other: Any, ignored: frozenset[str]) -> str | None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if key in ignored:
                continue
            inner = f"{path}.{key}" if path else key
            if key not in one or key not in other:
                return f"{inner} is only in one"
            found = _difference(inner, one[key], other[key], ignored)
            if found is not None:
                return found
        return None
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (first, second) in enumerate(zip(one, other)):
            found = _difference(f"{path}[{at}]", first, second, ignored)
            if found is not None:
                return found
        return None
    # What is written tells 1 from 1.0 and 0.0 from -0.0, which compare as equal.
    texts = json.dumps(one), json.dumps(other)
    return None if texts[0] == texts[1] else f"{path}: {texts[0][:80]} and {texts[1][:80]}"


def _socket_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/ws", "", ""))
