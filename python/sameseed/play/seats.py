"""Who picks the actions at a seat: a built-in policy, moves that are decided already, a person, or untrusted source.

Each seat has `start(game_seed)`, called when the reset is recorded; `choose(turn)`, which returns a plain value or
raises OutOfActions or PolicyFailure; and `close()`. Whether the value is a legal action the referee decides.
"""

from __future__ import annotations

import json
import os
import random
from hashlib import sha256
from typing import NamedTuple

from .builtin_policies import POLICIES, choose_random
from ..recording.canonical import encode
from .failures import OutOfActions, PolicyFailure
from ..recording.frames import ASK, HostStream
from .policies import PolicyLink
from ..recording.recorder import Recorder

_MAX_ANSWER = 64 << 10


class Turn(NamedTuple):
    """What a seat is asked with."""

    number: int
    agent: str
    observation: object
    legal: list | None
    space: object
    recorder: Recorder


def role_seed(role: str, seed: int) -> int:
    """128 bits for one role of a game: what they seed has nothing in common with any other role's."""
    return int.from_bytes(sha256(f"sameseed/role/1\0{role}\0{seed}".encode()).digest()[:16], "big")


class BuiltinSeat:
    """A policy of Sameseed's own, with the seat's stream."""

    def __init__(self, name: str, policy: str) -> None:
        self._name = name
        self._policy = policy
        self._choose = POLICIES[policy]
        self._rng = random.Random(0)

    def start(self, game_seed: int) -> None:
        self._rng.seed(role_seed(self._name, game_seed))
        # A spare Gaussian would survive the seeding; nobody here draws one.

    def choose(self, turn: Turn) -> object:
        seen = turn.observation
        if type(seen) is dict and "board" in seen:
            return self._choose(seen["board"], seen["player"], turn.legal, self._rng)
        if turn.legal is not None:
            return choose_random([], "", turn.legal, self._rng)
        # The space's own sampler, which has its own stream.
        return turn.space.sample()

    def close(self) -> None:
        pass


class ListedSeat:
    """Moves that are decided already; the game is truncated where they end."""

    def __init__(self, actions: list) -> None:
        self._actions = iter(actions)

    def start(self, game_seed: int) -> None:
        pass

    def choose(self, turn: Turn) -> object:
        for action in self._actions:
            return action
        raise OutOfActions

    def close(self) -> None:
        pass


class EmptySeat:
    """Nobody sits here."""

    def start(self, game_seed: int) -> None:
        raise PolicyFailure("policy_error", "NoPolicy", "there is no policy for this seat")

    def choose(self, turn: Turn) -> object:
        raise OutOfActions

    def close(self) -> None:
        pass


class AskedSeat:
    """A person: the host is asked over its stream, and answers with `u32 length | JSON`."""

    def __init__(self, name: str, stream: HostStream, fd: int) -> None:
        self._name = name
        self._stream = stream
        self._fd = fd

    def start(self, game_seed: int) -> None:
        pass

    def choose(self, turn: Turn) -> object:
        question = {"seat": self._name, "step": turn.number, "legal": turn.legal}
        self._stream.send(ASK, encode(question))
        self._stream.flush()
        length = int.from_bytes(self._read(4), "little")
        if length > _MAX_ANSWER:
            raise OutOfActions
        return json.loads(self._read(length))

    def close(self) -> None:
        pass

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            got = os.read(self._fd, count - len(data))
            if not got:
                # The person has left the table.
                raise OutOfActions
            data += got
        return data


class RemoteSeat:
    """Untrusted source in a sandbox of its own."""

    def __init__(self, name: str, fd: int, seed: int, wall_ms: int) -> None:
        self._link = PolicyLink(fd, seed, name, wall_ms)
        self._asked = 0

    def start(self, game_seed: int) -> None:
        self._answered(self._link.wait_ready)

    def choose(self, turn: Turn) -> object:
        recorder = turn.recorder
        payload = b"\xa2\x64info" + recorder.info + b"\x6bobservation" + recorder.observation
        # Numbered by itself: how often the others were asked is none of this seat's business.
        self._asked += 1
        return self._answered(self._link.ask, self._asked, payload)

    def close(self) -> None:
        self._link.close()

    @staticmethod
    def _answered(question: object, *args: object) -> object:
        try:
            return question(*args)
        except PolicyFailure as failure:
            # What cannot even be sent is no action.
            if failure.kind == "BadAction":
                failure.outcome = "illegal_action"
            raise


Seat = BuiltinSeat | ListedSeat | EmptySeat | AskedSeat | RemoteSeat


def make_seat(spec: dict, seed: int, stream: HostStream, fd: int) -> Seat:
    """Makes a seat of a harness: of kind builtin, actions, none, ask or remote."""
    kind = spec["kind"]
    if kind == "builtin":
        return BuiltinSeat(spec["seat"], spec["name"])
    if kind == "actions":
        return ListedSeat(spec["actions"])
    if kind == "none":
        return EmptySeat()
    if kind == "ask":
        return AskedSeat(spec["seat"], stream, fd)
    if kind == "remote":
        return RemoteSeat(spec["seat"], spec["fd"], seed, spec["wall_ms"])
    raise ValueError(f"there is no seat of kind {kind!r}")
