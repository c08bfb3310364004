"""Whom a learner plays against: itself, a built-in policy, or untrusted source behind a link for each seat."""

from __future__ import annotations

import random

from ..play.builtin_environments import load
from ..recording.canonical import encode
from ..play.failures import PolicyFailure
from ..play.policy_link import PolicyLink
from ..play.sampling import pick
from .q_learning import Opponent


class OpponentFailure(Exception):
    """The opponent could not go on; `facts` are `{seat, outcome, type, message}`."""

    def __init__(self, seat: str, outcome: str, kind: str, name: str, message: str) -> None:
        super().__init__(message)
        self.facts = {"seat": seat, "outcome": outcome, "kind": kind, "type": name, "message": message}


class Rival:
    """An opponent that plays in this process; `cell` is None for self-play."""

    def __init__(self, cell: Opponent | None) -> None:
        self.cell = cell

    def start(self) -> None:
        """Waits until it can be asked; raises OpponentFailure."""

    def close(self) -> None:
        """Says that no more will be asked."""


class RemoteRival(Rival):
    """Untrusted source, in one sandbox for each seat; each of them lives through all episodes of the piece."""

    def __init__(self, links: dict[str, int], seed: int, answer_ms: int, wall_ms: int) -> None:
        super().__init__(self._ask)
        self._links = {
            seat: PolicyLink(fd, seed=seed, seat=seat, at=at, wall_ms=wall_ms, answer_ms=answer_ms)
            for at, (seat, fd) in enumerate(links.items())
        }
        self._asked = dict.fromkeys(links, 0)

    def start(self) -> None:
        for seat, link in self._links.items():
            try:
                link.wait_ready()
            except PolicyFailure as failure:
                raise _failed(seat, failure) from None

    def close(self) -> None:
        for link in self._links.values():
            link.close()

    def _ask(self, board: list, mark: str, legal: list, stream: random.Random) -> int:
        # It draws from a stream of its own, in its own sandbox.
        self._asked[mark] += 1
        payload = encode({"info": {}, "observation": {"board": board, "player": mark}})
        try:
            cell = self._links[mark].ask(self._asked[mark], payload)
        except PolicyFailure as failure:
            raise _failed(mark, failure) from None
        if type(cell) is not int or cell not in legal:
            said = repr(cell) if type(cell) is int and -100 < cell < 100 else f"a value of type {type(cell).__name__}"
            message = f"{said} is not one of the empty cells {legal}"
            raise OpponentFailure(mark, "illegal_action", "illegal_action", "IllegalAction", message)
        return cell


def _failed(seat: str, failure: PolicyFailure) -> OpponentFailure:
    return OpponentFailure(seat, failure.outcome, failure.kind, failure.type, str(failure))


def _random(board: list, mark: str, legal: list, stream: random.Random) -> int:
    return pick(legal, stream)


def make_opponent(spec: dict, seed: int) -> Rival:
    """Makes the opponent of a script: of kind self, builtin or remote."""
    kind = spec["kind"]
    if kind == "self":
        return Rival(None)
    if kind == "builtin":
        return Rival(_random if spec["name"] == "random" else load("tictactoe").POLICIES[spec["name"]])
    if kind == "remote":
        return RemoteRival(spec["links"], seed, spec["answer_ms"], spec["wall_ms"])
    raise ValueError(f"there is no opponent of kind {kind!r}")
