"""What the host sends to a referee that waits for its caller: `u32 length | u8 type | payload`, one message at a time.

Nothing is read ahead and nothing depends on how the bytes arrive: the referee shares its address space with the
environment, and an allocation more or less would give that other addresses.

docs/trajectory-format.md, section 10, is the specification.
"""

from __future__ import annotations

import os
import struct

from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import DecodeError
from .failures import PolicyFailure, clean

# An action: canonical CBOR of a plain value.
ACTION = 0x41
# The caller failed: `{kind, type, message, traceback}`, of kind `raised` or `limit`.
FAILED = 0x46

MAX_ANSWER = 16 << 20
_HEAD = struct.Struct("<IB")
_OUTCOMES = {"raised": "policy_error", "limit": "wall_limit"}
# A message this short is written in one go and comes whole.
_WHOLE_BYTES = 4 << 10


def next_message(fd: int) -> tuple[int, bytes] | None:
    """Waits for the next message and returns its type and payload; None where the host sends no more."""
    head = _take(fd, _HEAD.size)
    if head is None:
        return None
    length, kind = _HEAD.unpack(head)
    if length > MAX_ANSWER:
        raise host_broke(f"a message of {length} bytes")
    payload = _take(fd, length) if length else b""
    return None if payload is None else (kind, payload)


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


def host_broke(what: str) -> PolicyFailure:
    """What the host sent is not of this protocol."""
    return PolicyFailure("protocol_error", "protocol", "HostError", f"the host sent {what}")


def _take(fd: int, count: int) -> bytes | None:
    if count <= _WHOLE_BYTES:
        data = os.read(fd, count)
        if len(data) == count:
            return data
        if not data:
            return None
        rest = _take_pieces(fd, count - len(data))
        return None if rest is None else data + rest
    return _take_pieces(fd, count)


def _take_pieces(fd: int, count: int) -> bytes | None:
    # Into one buffer of the final size: pieces, of which there may be more or fewer, leave nothing behind.
    data = bytearray(count)
    have = 0
    with memoryview(data) as view:
        while have < count:
            got = os.readv(fd, (view[have:],))
            if got == 0:
                return None
            have += got
    return bytes(data)
