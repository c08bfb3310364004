"""Builds the records of a rollout and hands them to the host stream, exactly once and in order.

Theory of operation. Every part of a record is encoded at once, before the environment can change what it returned; a
record is then a concatenation, because its keys are known and their canonical order with them. A part that cannot be
encoded raises with its path, and nothing of the record is sent.

docs/trajectory-format.md, sections 2, 3, 6 and 7, is the specification.
"""

from __future__ import annotations

import struct
from collections import OrderedDict, defaultdict
from hashlib import sha256

from .canonical import CanonicalError, encode, encode_part, take_orders
from .canonical_tags import Opaque, type_name
from .frames import END, MAX_PAYLOAD, RECORD, VOLATILE, HostStream
from .hidden import HiddenState, NoHidden
from ..world.sealed import beside, boundary

_DICTS = (dict, OrderedDict, defaultdict)
_pack_k = struct.Struct(">Q").pack
_pack_float = struct.Struct(">d").pack
_MISSING = object()


class Recorder:
    """Writes the frames of one rollout."""

    def __init__(self, stream: HostStream, hidden: HiddenState, volatile: list[str]) -> None:
        self._stream = stream
        self._hidden = hidden
        self._volatile = [(path, path.split(".")) for path in dict.fromkeys(volatile)]
        self._seen_volatile: set[str] = set()
        self._order = sha256(b"sameseed/order/1\0")
        self._next = 0
        # What was asked of the world since the last boundary, from the end of a step until its record is made.
        self._asked: bytes | None = None
        # The counts of that time in which real time had a part: beside the chain.
        self._beside: dict[str, int] = {}
        # The encoded observation of the last record, which is also what a remote policy gets.
        self.observation = b""
        # The encoded info of the last record: in a game, what else a seat gets.
        self.info = b""

    def watch(self, hidden: HiddenState | NoHidden) -> None:
        """Takes the hidden state from somewhere else, from the first record on."""
        self._hidden = hidden

    def boundary(self) -> None:
        """Ends the environment's part of a step: what is done from here on is the recorder's own."""
        if self._asked is None:
            self._asked = boundary(self._next)
            self._beside = beside()

    def reset(self, observation: object, info: dict) -> None:
        """Records what `reset()` returned."""
        self.boundary()
        kept, left_out = self._split(info)
        field = "info"
        try:
            info_bytes = encode_part(kept, 1)
            field = "observation"
            observation_bytes = encode_part(observation, 1)
        except CanonicalError as error:
            take_orders()
            raise error.inside(field)
        hidden = self._hidden.encoded()
        head = b"\xa5\x61k\x00\x64info" if self._asked else b"\xa4\x61k\x00\x64info"
        self._record(
            (head, info_bytes, b"\x66hidden", hidden, *self._ledger(), b"\x6bobservation", observation_bytes)
        )
        self.observation, self.info = observation_bytes, info_bytes
        if left_out or self._beside:
            self._write_volatile(left_out or {})
        self._next = 1
        # What follows may take long, and the host counts the first observation as the start.
        self._stream.flush()

    def action(self, action: object) -> bytes:
        """Encodes the action of the next step, before the environment can change it."""
        try:
            return encode_part(action, 1)
        except CanonicalError as error:
            take_orders()
            raise error.inside("action")

    def step(self, action: bytes, result: tuple) -> None:
        """Records one step: the encoded action and the five values that `step()` returned."""
        asked = self._asked = boundary(self._next)
        self._beside = beside()
        observation, reward, terminated, truncated, info = result
        kept, left_out = self._split(info) if self._volatile else (info, None)
        field = "info"
        try:
            info_bytes = encode_part(kept, 1)
            field = "reward"
            reward_bytes = b"\xfb" + _pack_float(reward) if type(reward) is float and reward == reward else encode_part(reward, 1)
            field = "truncated"
            truncated_bytes = b"\xf4" if truncated is False else encode_part(truncated, 1)
            field = "terminated"
            terminated_bytes = b"\xf4" if terminated is False else encode_part(terminated, 1)
            field = "observation"
            observation_bytes = encode_part(observation, 1)
        except CanonicalError as error:
            take_orders()
            raise error.inside(field)
        self._record(
            (
                b"\xa9\x61k" if asked else b"\xa8\x61k",
                encode_part(self._next, 1),
                b"\x64info",
                info_bytes,
                b"\x66action",
                action,
                b"\x66hidden",
                self._hidden.encoded() + b"\x66ledger" + asked if asked else self._hidden.encoded(),
                b"\x66reward",
                reward_bytes,
                b"\x69truncated",
                truncated_bytes,
                b"\x6aterminated",
                terminated_bytes,
                b"\x6bobservation",
                observation_bytes,
            )
        )
        self.observation, self.info = observation_bytes, info_bytes
        if left_out or self._beside:
            self._write_volatile(left_out or {})
        self._next += 1

    def close(self, outcome: str, error: dict | None, action: bytes | None) -> None:
        """Records the end; `action` is the encoding of the action that could not be made a step of."""
        # The key orders of a record that was not made are no part of any.
        take_orders()
        self.boundary()
        count = 3 + (error is not None) + (action is not None) + bool(self._asked)
        parts = [bytes((0xA0 | count,)), b"\x61k", encode(self._next), b"\x63end", encode(outcome)]
        if error is not None:
            parts += (b"\x65error", encode(error))
        if action is not None:
            parts += (b"\x66action", action)
        parts += (b"\x66hidden", self._hidden.encoded(closing=True), *self._ledger())
        self._record(tuple(parts))
        if self._beside:
            self._write_volatile({})

    def end(self, summary: dict) -> None:
        """Sends the summary, completed by what only the recorder knows, and everything that is still waiting."""
        own = {"volatile": sorted(self._seen_volatile), "orderDigest": self._order.digest()}
        self._stream.send(END, encode({**summary, **own}))
        self._stream.flush()

    def _ledger(self) -> tuple[bytes, ...]:
        return (b"\x66ledger", self._asked) if self._asked else ()

    def _record(self, parts: tuple[bytes, ...]) -> None:
        payload = b"".join(parts)
        orders = take_orders()
        if len(payload) > MAX_PAYLOAD:
            raise CanonicalError(f"of {len(payload)} bytes, where a record may have {MAX_PAYLOAD}").inside("the record")
        for keys in orders:
            self._order.update(_pack_k(self._next) + keys)
        self._stream.send(RECORD, payload)
        self._asked = None

    def _split(self, info: dict) -> tuple[dict, dict | None]:
        """Parts info into what is recorded and what is volatile, without touching the environment's own dicts."""
        left_out: dict = {}
        for path, keys in self._volatile:
            if type(info) in _DICTS and path in info:
                keys = [path]
            value = info
            for key in keys:
                value = value.get(key, _MISSING) if type(value) in _DICTS else _MISSING
            if value is not _MISSING:
                left_out[path] = value
                info = _without(info, keys)
        return info, left_out or None

    def _write_volatile(self, left_out: dict) -> None:
        self._seen_volatile.update(left_out)
        shown = {}
        for path, value in left_out.items():
            try:
                encode({"info": {path: value}})
                shown[path] = value
            except CanonicalError:
                shown[path] = Opaque(type_name(type(value)))
        rest = {"ledger": self._beside} if self._beside else {}
        payload = encode({"k": self._next, "info": shown, **rest})
        if len(payload) > MAX_PAYLOAD:
            names = {path: Opaque(type_name(type(left_out[path]))) for path in shown}
            payload = encode({"k": self._next, "info": names, **rest})
        self._stream.send(VOLATILE, payload)


def _without(info: dict, keys: list[str]) -> dict:
    copy = dict(info)
    if len(keys) == 1:
        del copy[keys[0]]
    else:
        copy[keys[0]] = _without(copy[keys[0]], keys[1:])
    return copy
