"""Frames: towards the host (one way, buffered) and between referee and policy (strictly question and answer).

Theory of operation. Whatever is done here happens between the allocations of an environment or a policy, so it must be
the same at the same step in every run: a buffer that is written when it is old enough is joined and freed at other steps
on a busy machine, leaves other free memory behind, and with it other addresses and other orders of sets. So nothing here
asks a clock or how many bytes happen to have arrived; when to write follows from what was written.

docs/trajectory-format.md, sections 2 and 9, is the specification.
"""

from __future__ import annotations

import os
import struct

from .patience import ALL_LATE, ANSWER_LATE, GONE, link_read, link_write, patience_set

RECORD, VOLATILE, END, ASK, PICTURE = 1, 2, 3, 4, 5
HELLO, READY, STEP, ACTION, ERROR = 1, 2, 3, 4, 5

MAX_PAYLOAD = 64 << 20
MAX_TO_REFEREE = 64 << 10
MAX_TO_POLICY = 16 << 20

_FLUSH_BYTES = 64 << 10
_BULK_BYTES = 32 << 10
_WHOLE_BYTES = 4 << 10
# What waits is lost with a process that dies without a word. Few frames may wait in a short episode, where that would be
# all of it; more in a long one, where system calls would add up.
_EARLY_FLUSHES = (4, 16)
_FLUSH_FRAMES = 64
_HOST_HEAD = struct.Struct("<BI")
_LINK_HEAD = struct.Struct("<IB3sQ8s")
LINK_HEAD_BYTES = _LINK_HEAD.size


class LinkError(Exception):
    """The other side broke the protocol of the link."""


class LinkClosed(Exception):
    """The other side is gone."""


class LinkSilent(Exception):
    """The other side let its time pass."""


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class HostStream:
    """The referee's result stream. Frames wait in a buffer, because a system call a step costs more than the step."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting: list[bytes] = []
        self._size = 0
        self._frames = 0

    def send(self, kind: int, payload: bytes) -> None:
        """Queues one frame; the queue is written with the 4th, the 16th and each 64th frame, and at 64 KiB."""
        self._waiting += (_HOST_HEAD.pack(kind, len(payload)), payload)
        self._size += len(payload) + 5
        self._frames += 1
        if self._size >= _FLUSH_BYTES or self._frames % _FLUSH_FRAMES == 0 or self._frames in _EARLY_FLUSHES:
            self.flush()

    def flush(self) -> None:
        """Writes what is waiting."""
        if self._waiting:
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            _write_all(self._fd, data)


class BulkStream(HostStream):
    """The result stream of many short games: nobody waits for a single one, so that frames wait for each other.

    What is lost with a process that dies is lost to nobody: its games are all played again.
    """

    def flush(self) -> None:
        """Writes what is waiting once it is enough."""
        if self._size >= _BULK_BYTES:
            super().flush()

    def finish(self) -> None:
        """Writes what is waiting."""
        super().flush()


class Link:
    """One end of the socket between the referee and a policy.

    Frames are taken strictly one after the other, and what lies behind a frame is looked at only when the next one is
    due: when bytes happen to arrive must not decide at which step they count.
    """

    def __init__(self, fd: int, receive_limit: int, send_limit: int, nonce: bytes | None = None) -> None:
        self.fd = fd
        self.nonce = nonce
        self._receive_limit = receive_limit
        self._send_limit = send_limit

    def send(self, kind: int, sequence: int, payload: bytes) -> None:
        """Sends one frame. That the other side is gone is noticed by the next `receive`."""
        if len(payload) > self._send_limit:
            raise ValueError(f"a frame of {len(payload)} bytes, where at most {self._send_limit} may be sent")
        frame = _LINK_HEAD.pack(len(payload), kind, b"\0\0\0", sequence, self.nonce or bytes(8)) + payload
        self._put(frame)

    def send_in_place(self, kind: int, sequence: int, frame: bytearray, length: int) -> None:
        """Sends a payload of that length that lies behind LINK_HEAD_BYTES of room, without making a copy of it."""
        if length > self._send_limit:
            raise ValueError(f"a frame of {length} bytes, where at most {self._send_limit} may be sent")
        _LINK_HEAD.pack_into(frame, 0, length, kind, b"\0\0\0", sequence, self.nonce or bytes(8))
        whole = memoryview(frame)[: LINK_HEAD_BYTES + length]
        try:
            sent = os.write(self.fd, whole)
            if sent < len(whole):
                _write_all(self.fd, whole[sent:])
        except (BrokenPipeError, ConnectionResetError):
            pass
        except BlockingIOError:
            raise LinkSilent("the other side takes nothing") from None

    def receive(self, kinds: tuple[int, ...], sequence: int) -> tuple[int, bytes]:
        """Takes the next frame and returns its kind and payload.

        Raises LinkClosed at the end of the stream and LinkError for a frame that is not one of `kinds`, has another
        sequence number or nonce, or is too long.
        """
        length, kind, padding, got, nonce = _LINK_HEAD.unpack(self._take(_LINK_HEAD.size))
        if length > self._receive_limit:
            raise LinkError(f"a frame longer than {self._receive_limit} bytes")
        if kind not in kinds or padding != b"\0\0\0":
            raise LinkError("a frame of another type than the one that was due")
        if got != sequence:
            raise LinkError("a frame with another sequence number than the one that was due")
        if self.nonce is None:
            self.nonce = nonce
        elif nonce != self.nonce:
            raise LinkError("a frame with another nonce than the link's")
        return kind, self._take(length)

    def close(self) -> None:
        """Closes this end, which the other end reads as the end of the episode."""
        os.close(self.fd)

    def _put(self, frame: bytes) -> None:
        try:
            _write_all(self.fd, frame)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _take(self, count: int) -> bytes:
        if count <= _WHOLE_BYTES:
            # A frame this short is written in one go and comes whole.
            try:
                data = os.read(self.fd, count)
            except ConnectionResetError:
                data = b""
            if len(data) == count:
                return data
            if not data:
                raise LinkClosed("the other side closed the link")
            return data + self._take_pieces(count - len(data))
        return self._take_pieces(count)

    def _take_pieces(self, count: int) -> bytes:
        # Into one buffer of the final size: pieces, of which there may be more or fewer, leave nothing behind.
        data = bytearray(count)
        have = 0
        with memoryview(data) as view:
            while have < count:
                try:
                    got = os.readv(self.fd, (view[have:],))
                except ConnectionResetError:
                    got = 0
                if got == 0:
                    raise LinkClosed("the other side closed the link")
                have += got
        return bytes(data)


class TimedLink(Link):
    """The referee's end of a link to one seat, which waits as long as the seat has time: for one answer, and for all.

    The kernel tells how much of the time is left after each wait, and C keeps it: nothing in this process's memory
    depends on how long an answer took. What is counted is the waiting for this seat alone, reading and writing.
    """

    def __init__(self, fd: int, nonce: bytes, seat: int, answer_ms: int, wall_ms: int) -> None:
        super().__init__(fd, MAX_TO_REFEREE, MAX_TO_POLICY, nonce)
        self._seat = seat
        self._answer_ms = answer_ms
        self._wall_ms = wall_ms
        patience_set(seat, answer_ms * 1000, wall_ms * 1000)

    def _put(self, frame: bytes) -> None:
        # That the other side is gone is noticed by the next `receive`.
        self._judge(link_write(self.fd, self._seat, frame))

    def _take(self, count: int) -> bytes:
        data = bytearray(count)
        if self._judge(link_read(self.fd, self._seat, data)):
            raise LinkClosed("the other side closed the link")
        return bytes(data)

    def _judge(self, end: int) -> bool:
        if end == ANSWER_LATE:
            raise LinkSilent(f"the policy took longer than {self._answer_ms} ms for one answer")
        if end == ALL_LATE:
            raise LinkSilent(f"the policy took longer than {self._wall_ms} ms for all its answers")
        return end == GONE
