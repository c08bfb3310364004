"""Where the referee's actions come from: the environment's own sampler, a list, or an untrusted policy behind a link.

Each policy has `start()`, called when the reset is recorded; `next(step, space)`, which returns the action of a step
or raises IllegalAction, OutOfActions or PolicyFailure; and `close()`. Any other exception comes from the
environment's space.
"""

from __future__ import annotations

import base64
from hashlib import sha256

from .actions import coerce, restore
from ..recording.canonical import encode
from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import DecodeError
from .failures import OutOfActions, PolicyFailure, clean, reported_outcome
from ..recording.frames import (
    ACTION,
    ERROR,
    HELLO,
    MAX_TO_POLICY,
    MAX_TO_REFEREE,
    READY,
    STEP,
    Link,
    LinkClosed,
    LinkError,
    LinkSilent,
)
from ..recording.recorder import Recorder

# Encoded as one byte of their own value: what most actions are.
_SMALL_INTEGERS = 24


class RandomPolicy:
    """The environment's own seeded `action_space.sample()`."""

    def start(self) -> None:
        pass

    def next(self, step: int, space: object) -> object:
        return space.sample()

    def close(self) -> None:
        pass


class ActionList:
    """Actions given as plain values; the episode is truncated where they end."""

    def __init__(self, actions: list) -> None:
        self._actions = actions

    def start(self) -> None:
        pass

    def next(self, step: int, space: object) -> object:
        if step > len(self._actions):
            raise OutOfActions
        return coerce(space, self._actions[step - 1])

    def close(self) -> None:
        pass


class Replay(ActionList):
    """The recorded actions of an earlier rollout, ending the way that one ended.

    Where the actions were sampled, the sampler is still asked and its answer thrown away, so that its hidden state
    moves as it did. `end` is the closing record's `{outcome, error}` of a rollout that its policy ended.
    """

    def __init__(self, actions: list, sampled: bool, end: dict | None) -> None:
        super().__init__(actions)
        self._sampled = sampled
        self._end = end

    def next(self, step: int, space: object) -> object:
        if step > len(self._actions):
            if self._end is None:
                raise OutOfActions
            error = self._end.get("error") or {}
            raise PolicyFailure(self._end["outcome"], error.get("type", ""), error.get("message", ""))
        if not self._sampled:
            return super().next(step, space)
        space.sample()
        return restore(space, self._actions[step - 1])


class PolicyLink:
    """The referee's end of a link to an untrusted policy; nothing that comes over it is believed before it is checked.

    `role` tells the links of one rollout apart: each has a nonce of its own. `wall_ms` is how long one answer may take.
    """

    def __init__(self, fd: int, seed: int, role: str = "", wall_ms: int | None = None) -> None:
        name = f"{seed}\0{role}" if role else str(seed)
        nonce = sha256(b"sameseed/link/1\0" + name.encode()).digest()[:8]
        self._link = Link(fd, MAX_TO_REFEREE, MAX_TO_POLICY, nonce)
        self._wall_ms = wall_ms
        if wall_ms is not None:
            self._link.limit_waiting(wall_ms)
        # Sent at once, so that the policy loads while the environment is made.
        self._link.send(HELLO, 0, encode({"format": 1}))

    def wait_ready(self) -> None:
        """Waits for the policy to be loaded; raises PolicyFailure."""
        ready = self._receive(READY, 0)
        # An array among foreign values compares element by element.
        if type(ready) is not dict or ready:
            raise PolicyFailure("protocol_error", "LinkError", "a READY frame that is not empty")

    def ask(self, step: int, payload: bytes) -> object:
        """Asks for the action of a step; raises PolicyFailure."""
        if len(payload) > MAX_TO_POLICY:
            raise ValueError(f"the observation has {len(payload)} bytes, and a policy is sent at most {MAX_TO_POLICY}")
        try:
            self._link.send(STEP, step, payload)
        except LinkSilent:
            raise self._late() from None
        return self._receive(ACTION, step)

    def close(self) -> None:
        """Closes the link, which tells the policy that the episode is over."""
        self._link.close()

    def _late(self) -> PolicyFailure:
        return PolicyFailure("wall_limit", "limit", f"the policy took longer than {self._wall_ms} ms for one answer")

    def _receive(self, due: int, sequence: int) -> object:
        try:
            kind, payload = self._link.receive((due, ERROR), sequence)
        except LinkClosed:
            raise PolicyFailure("policy_error", "eof", "the policy ended without an answer") from None
        except LinkSilent:
            raise self._late() from None
        except LinkError as error:
            raise PolicyFailure("protocol_error", "LinkError", str(error)) from None
        if kind == due and len(payload) == 1 and payload[0] < _SMALL_INTEGERS:
            return payload[0]
        try:
            value = decode(payload, PLAIN)
        except Exception as error:
            # Whatever it is, memory that ran out included: these bytes are what was sent.
            said = str(error) if type(error) is DecodeError else f"decoding raised {type(error).__name__}"
            raise PolicyFailure("protocol_error", "DecodeError", said) from None
        if kind == due:
            return value
        texts = [value.get(key) for key in ("type", "message", "traceback")] if type(value) is dict else []
        if [type(text) for text in texts] != [str, str, str]:
            raise PolicyFailure("protocol_error", "LinkError", "an ERROR frame that does not say what failed")
        outcome = reported_outcome(texts[0], texts[1])
        raise PolicyFailure(outcome, clean(texts[0], 200), clean(texts[1], 4096), clean(texts[2], 16384))


class RemotePolicy:
    """An untrusted policy in a sandbox of its own."""

    def __init__(self, fd: int, seed: int, recorder: Recorder) -> None:
        self._link = PolicyLink(fd, seed)
        self._recorder = recorder

    def start(self) -> None:
        self._link.wait_ready()

    def next(self, step: int, space: object) -> object:
        return coerce(space, self._link.ask(step, self._recorder.observation))

    def close(self) -> None:
        self._link.close()


Policy = RandomPolicy | ActionList | RemotePolicy


def make_policy(spec: dict, seed: int, recorder: Recorder) -> Policy:
    """Makes the policy of a harness: of kind random, actions, replay or remote."""
    kind = spec["kind"]
    if kind == "random":
        return RandomPolicy()
    if kind == "actions":
        return ActionList(spec["actions"])
    if kind == "remote":
        return RemotePolicy(spec["fd"], seed, recorder)
    if kind == "replay":
        return Replay(decode(base64.b64decode(spec["actions"])), spec["of"] == "random", spec.get("end"))
    raise ValueError(f"there is no policy of kind {kind!r}")
