"""What the host sends to a referee that waits for its caller: `u32 length | u8 type | payload`, one message at a time.

Nothing is read ahead and nothing depends on how the bytes arrive: the referee shares its address space with the
environment, and an allocation more or less would give that other addresses.

docs/trajectory-format.md, section 10, is the specification.
"""

from __future__ import annotations

import os
import struct

from ..recording.canonical import encode
from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import DecodeError
from ..recording.frames import ASK, HostStream
from .episode_end import Ended, policy_failed
from .failures import PolicyFailure, clean

# An action: canonical CBOR of a plain value.
ACTION = 0x41
# The state is re-keyed by an integer, or by none where it is null.
RESEED = 0x52
# The caller failed: `{kind, type, message, traceback}`, of kind `raised` or `limit`.
FAILED = 0x46

try:
    from .._zygote import await_message
except ImportError:  # outside an image, where tests run it

    def await_message(fd: int, most: int) -> tuple[int, bytes] | None:
        """The next message; None where the stream ends before it is whole."""
        head = _take(fd, 5)
        if head is None:
            return None
        length, kind = struct.unpack("<IB", head)
        if length > most:
            raise ValueError(f"a message of {length} bytes")
        payload = _take(fd, length)
        return None if payload is None else (kind, payload)

    def _take(fd: int, count: int) -> bytes | None:
        data = b""
        while len(data) < count:
            got = os.read(fd, count - len(data))
            if not got:
                return None
            data += got
        return data


MAX_ANSWER = 16 << 20
_OUTCOMES = {"raised": "policy_error", "limit": "wall_limit"}


def next_message(fd: int) -> tuple[int, bytes] | None:
    """Waits for the next message and returns its type and payload; None where the host sends no more.

    It waits in C, so that nothing of Python moves while a trunk waits there and is copied (`native/zygote/trunk.c`).
    """
    try:
        return await_message(fd, MAX_ANSWER)
    except ValueError as error:
        raise host_broke(str(error)) from None


def read_action(payload: bytes) -> object:
    """The plain value of an action."""
    try:
        return decode(payload, PLAIN)
    except DecodeError as error:
        raise host_broke(f"an action that cannot be read: {error}") from None


def read_failure(payload: bytes) -> PolicyFailure:
    """How the caller failed, in its own words."""
    said = decode(payload, PLAIN)
    kind = said["kind"]
    name, message, trace = clean(said["type"], 200), clean(said["message"], 4096), clean(said["traceback"], 16384)
    return PolicyFailure(_OUTCOMES[kind], kind, name, message, trace=trace)


def read_reseed(payload: bytes) -> int | None:
    """What a state is re-keyed by; None where it is taken as it is."""
    try:
        number = decode(payload, PLAIN)
    except DecodeError as error:
        raise host_broke(f"a number that cannot be read: {error}") from None
    if number is None or (type(number) is int and number >= 0):
        return number
    raise host_broke("something else than a number to re-key by")


class ReseedAsked(Exception):
    """The host has the state re-keyed before it answers."""

    def __init__(self, number: int | None) -> None:
        self.number = number


def await_order(stream: HostStream, fd: int, step: int) -> int | None:
    """Waits behind a past to be copied, with a question to no seat; returns what the copy is re-keyed by."""
    stream.send(ASK, b"\xa3\x64seat\x60\x64step" + encode(step) + b"\x65legal\xf6")
    stream.flush()
    try:
        message = next_message(fd)
        if message is None:
            raise Ended("truncated")
        kind, payload = message
        if kind != RESEED:
            raise host_broke(f"a message of type {kind} to a state that waits to be copied")
        return read_reseed(payload)
    except PolicyFailure as failure:
        raise policy_failed(failure, step, "") from None


def host_broke(what: str) -> PolicyFailure:
    """What the host sent is not of this protocol."""
    return PolicyFailure("protocol_error", "protocol", "HostError", f"the host sent {what}")
