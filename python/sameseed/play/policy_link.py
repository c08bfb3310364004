"""The referee's end of a link to an untrusted policy: nothing that comes over it is believed before it is checked."""

from __future__ import annotations

from hashlib import sha256

from ..recording.canonical import encode
from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import DecodeError
from ..recording.frames import ACTION, ERROR, HELLO, MAX_TO_POLICY, READY, STEP, LinkClosed, LinkError, LinkSilent, TimedLink
from .failures import PolicyFailure, clean, reported_outcome

# Encoded as one byte of their own value: what most actions are.
_SMALL_INTEGERS = 24
_TEXTS = ("type", "message", "traceback")


class PolicyLink:
    """Asks one seat's policy. `wall_ms` is how long it may take for all answers together, `answer_ms` for one.

    Only the time that is spent waiting for this policy is charged to it. `at` is the seat's number.
    """

    def __init__(self, fd: int, *, seed: int, seat: str, at: int, wall_ms: int, answer_ms: int | None) -> None:
        nonce = sha256(f"sameseed/link/1\0{seed}\0{seat}".encode()).digest()[:8]
        self._link = TimedLink(fd, nonce, at, wall_ms if answer_ms is None else min(answer_ms, wall_ms), wall_ms)
        # Sent at once, so that the policy loads while the environment is made.
        self._link.send(HELLO, 0, encode({"format": 2}))

    def wait_ready(self) -> None:
        """Waits for the policy to be loaded; raises PolicyFailure."""
        ready = self._receive(READY, 0)
        # An array among foreign values compares element by element.
        if type(ready) is not dict or ready:
            raise _broken("LinkError", "a READY frame that is not empty")

    def ask(self, step: int, payload: bytes) -> object:
        """Asks for the action of a step; raises PolicyFailure."""
        if len(payload) > MAX_TO_POLICY:
            raise ValueError(f"the observation has {len(payload)} bytes, and a policy is sent at most {MAX_TO_POLICY}")
        try:
            self._link.send(STEP, step, payload)
        except LinkSilent as silent:
            raise _late(silent) from None
        return self._receive(ACTION, step)

    def close(self) -> None:
        """Closes the link, which tells the policy that the episode is over."""
        self._link.close()

    def _receive(self, due: int, sequence: int) -> object:
        try:
            kind, payload = self._link.receive((due, ERROR), sequence)
        except LinkClosed:
            raise PolicyFailure("policy_error", "silent", "eof", "the policy ended without an answer") from None
        except LinkSilent as silent:
            raise _late(silent) from None
        except LinkError as error:
            raise _broken("LinkError", str(error)) from None
        if kind == due and len(payload) == 1 and payload[0] < _SMALL_INTEGERS:
            return payload[0]
        try:
            value = decode(payload, PLAIN)
        except Exception as error:
            # Whatever it is, memory that ran out included: these bytes are what was sent.
            said = str(error) if type(error) is DecodeError else f"decoding raised {type(error).__name__}"
            raise _broken("DecodeError", said) from None
        if kind == due:
            return value
        raise _reported(value, sequence)


def _late(silent: LinkSilent) -> PolicyFailure:
    return PolicyFailure("wall_limit", "limit", "limit", str(silent))


def _broken(name: str, message: str) -> PolicyFailure:
    return PolicyFailure("protocol_error", "protocol", name, message)


def _reported(value: object, sequence: int) -> PolicyFailure:
    """What an ERROR frame says. Its `kind` counts as far as it could be true; the rest are texts."""
    texts = [value.get(key) for key in _TEXTS] if type(value) is dict else []
    if [type(text) for text in texts] != [str, str, str]:
        return _broken("LinkError", "an ERROR frame that does not say what failed")
    told = value.get("kind")
    name, message, trace = clean(texts[0], 200), clean(texts[1], 4096), clean(texts[2], 16384)
    if told == "bad_policy" and sequence == 0:
        return PolicyFailure("policy_error", "bad_policy", name, message, trace=trace)
    if told == "illegal_action" and sequence > 0:
        # What cannot even be sent is no action.
        return PolicyFailure("illegal_action", "illegal_action", name, message, trace=trace)
    return PolicyFailure(reported_outcome(texts[0], texts[1]), "raised", name, message, trace=trace)
