"""Who picks the actions at a seat: a built-in policy, actions that are decided already, the caller, or untrusted source.

Each seat has `start(seed, stage)`, called when the reset is recorded, or where it takes its place at a branch; `choose(number, stage, recorder)`, which returns
the action of a step or raises IllegalAction, OutOfActions or PolicyFailure; and `close()`. Any other exception is the
environment's. One that draws in this process has the `stream` it draws from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from ..recording.canonical import encode
from ..recording.frames import ASK, HostStream
from ..recording.recorder import Recorder
from .failures import OutOfActions, PolicyFailure
from .host_answers import (
    ACTION,
    FAILED,
    RESEED,
    ReseedAsked,
    host_broke,
    next_message,
    read_action,
    read_failure,
    read_reseed,
)
from .policy_link import PolicyLink
from .sampling import pick
from .seeds import role_seed
from .stage import Stage


_NOTHING_TO_SAMPLE = (
    "the environment's action_space is None, so that there is nothing to sample; name a policy of your own, "
    "or set action_space in a class of your own around the environment (FILE.py:Class)"
)


class RandomSeat:
    """Any legal action, each as likely, from the seat's own stream; where only the space knows them, a sample of it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.stream = random.Random(0)

    def start(self, seed: int, stage: Stage) -> None:
        self.stream.seed(role_seed(self._name, seed))

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        if stage.legal is None:
            space = stage.space()
            if space is None:
                raise TypeError(_NOTHING_TO_SAMPLE)
            return space.sample()
        return stage.checked(pick(stage.legal, self.stream))

    def close(self) -> None:
        pass


class BuiltinSeat:
    """A policy that comes with a built-in environment, with the seat's stream."""

    def __init__(self, name: str, policy: str) -> None:
        self._name = name
        self._policy = policy
        self.stream = random.Random(0)

    def start(self, seed: int, stage: Stage) -> None:
        self.stream.seed(role_seed(self._name, seed))
        choose = stage.policies.get(self._policy)
        if choose is None:
            raise PolicyFailure("policy_error", "bad_policy", "BadPolicy", f"no policy {self._policy} plays this")
        self._choose = choose

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        seen = stage.seen
        return stage.checked(self._choose(seen["board"], seen["player"], stage.legal, self.stream))

    def close(self) -> None:
        pass


class ListedSeat:
    """Actions that are decided already, as plain values; the episode is truncated where they end."""

    def __init__(self, actions: list) -> None:
        self._actions = iter(actions)

    def start(self, seed: int, stage: Stage) -> None:
        pass

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        for action in self._actions:
            return stage.checked(action)
        raise OutOfActions

    def close(self) -> None:
        pass


class ReplayedSeat:
    """One of the seats that share the recorded actions of an earlier rollout, and end the way that one ended.

    Where the actions were sampled, the sampler is still asked and its answer thrown away, so that its hidden state
    moves as it did. `end` is `{outcome, error}` of a rollout that a policy ended.
    """

    def __init__(self, actions: Iterator[object], is_random: bool, end: dict | None) -> None:
        self._actions = actions
        self._is_random = is_random
        self._end = end

    def start(self, seed: int, stage: Stage) -> None:
        pass

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        for action in self._actions:
            if not self._is_random or stage.legal is not None:
                return stage.checked(action)
            stage.space().sample()
            return stage.restored(action)
        if self._end is None:
            raise OutOfActions
        error = self._end["error"]
        raise PolicyFailure(
            self._end["outcome"], error["kind"], error["type"], error["message"], seat=error.get("seat")
        )

    def close(self) -> None:
        pass


class EmptySeat:
    """Nobody sits here."""

    def start(self, seed: int, stage: Stage) -> None:
        raise PolicyFailure("policy_error", "no_policy", "NoPolicy", "there is no policy for this seat")

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        raise OutOfActions

    def close(self) -> None:
        pass


class CallerSeat:
    """The caller is asked, over the host's stream, when everything it must know has been sent.

    What it sends is read as what a policy in a sandbox sends is, and checked against the action space here.
    """

    def __init__(self, name: str, at: int, stream: HostStream, fd: int) -> None:
        self._at = at
        self._stream = stream
        self._fd = fd
        self._head = b"\x64seat" + encode(name) + b"\x64step"
        # With the first question only.
        self._spaces = b""

    def start(self, seed: int, stage: Stage) -> None:
        self._spaces = b"\x66spaces" + encode(stage.told[self._at])

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        legal = stage.legal
        told = b"\xf6" if legal is None else encode(legal)
        count = b"\xa4" if self._spaces else b"\xa3"
        self._stream.send(ASK, count + self._head + encode(number) + b"\x65legal" + told + self._spaces)
        self._stream.flush()
        self._spaces = b""
        message = next_message(self._fd)
        if message is None:
            # The caller has left.
            raise OutOfActions
        kind, payload = message
        if kind == ACTION:
            return stage.checked(read_action(payload))
        if kind == FAILED:
            raise read_failure(payload)
        if kind == RESEED:
            raise ReseedAsked(read_reseed(payload))
        raise host_broke(f"a message of type {kind}")

    def close(self) -> None:
        pass


class RemoteSeat:
    """Untrusted source in a sandbox of its own."""

    def __init__(self, link: PolicyLink) -> None:
        self._link = link
        self._asked = 0

    def start(self, seed: int, stage: Stage) -> None:
        self._link.wait_ready()

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        payload = b"\xa2\x64info" + recorder.info + b"\x6bobservation" + recorder.observation
        # Numbered by itself: how often the others were asked is none of this seat's business.
        self._asked += 1
        return stage.checked(self._link.ask(self._asked, payload))

    def close(self) -> None:
        self._link.close()


Seat = RandomSeat | BuiltinSeat | ListedSeat | ReplayedSeat | EmptySeat | CallerSeat | RemoteSeat


def make_seats(specs: list[dict], seed: int, stream: HostStream, fd: int) -> list[Seat]:
    """Makes the seats of a harness, in their order: of kind builtin, actions, none, caller or remote."""
    return [_make_seat(spec, at, seed, stream, fd) for at, spec in enumerate(specs)]


def is_random(spec: dict) -> bool:
    """Whether a seat of a harness draws any legal action; where none is known to be legal, its space's sampler draws."""
    return spec["kind"] == "builtin" and spec["name"] == "random"


def replayed_seats(specs: list[dict], actions: list, end: dict | None) -> list[Seat]:
    """The seats of a recorded rollout that is fed to the environment again."""
    shared = iter(actions)
    return [ReplayedSeat(shared, is_random(spec), end) for spec in specs]


def _make_seat(spec: dict, at: int, seed: int, stream: HostStream, fd: int) -> Seat:
    kind, name = spec["kind"], spec["seat"]
    if kind == "builtin":
        return RandomSeat(name) if is_random(spec) else BuiltinSeat(name, spec["name"])
    if kind == "actions":
        return ListedSeat(spec["actions"])
    if kind == "none":
        return EmptySeat()
    if kind == "caller":
        return CallerSeat(name, at, stream, fd)
    if kind == "remote":
        wall_ms, answer_ms = spec["wall_ms"], spec["answer_ms"]
        return RemoteSeat(PolicyLink(spec["fd"], seed=seed, seat=name, at=at, wall_ms=wall_ms, answer_ms=answer_ms))
    raise ValueError(f"there is no seat of kind {kind!r}")
