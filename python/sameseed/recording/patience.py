"""Reading from and writing to a seat's link while the seat has time left: `native/zygote/patience.c`, or the same in Python.

`patience_set(seat, answer_us, wall_us)` gives a seat its time; `link_write` begins a new answer; both it and `link_read`
return 0, or why they did not do all of it. `link_read` fills the whole buffer.
"""

from __future__ import annotations

import os
import select
import time

GONE, ANSWER_LATE, ALL_LATE = 1, 2, 3

try:
    from .._zygote import link_read, link_write, patience_set
except ImportError:  # outside an image, where tests run it
    # By seat: the time of one answer, what is left of it, and what is left of all; in seconds.
    _left: dict[int, list[float]] = {}

    def patience_set(seat: int, answer_us: int, wall_us: int) -> None:
        """Gives a seat its time."""
        _left[seat] = [answer_us / 1e6, answer_us / 1e6, wall_us / 1e6]

    def link_write(fd: int, seat: int, data: bytes) -> int:
        """Begins a new answer, and writes all of the data."""
        _left[seat][1] = _left[seat][0]
        view = memoryview(data)
        while view:
            if end := _wait(fd, seat, select.POLLOUT):
                return end
            try:
                # As much as a buffer that can be written takes without blocking.
                view = view[os.write(fd, view[:1024]) :]
            except (BrokenPipeError, ConnectionResetError):
                return GONE
        return 0

    def link_read(fd: int, seat: int, data: bytearray) -> int:
        """Fills the buffer."""
        with memoryview(data) as view:
            have = 0
            while have < len(data):
                if end := _wait(fd, seat, select.POLLIN):
                    return end
                try:
                    got = os.readv(fd, (view[have:],))
                except ConnectionResetError:
                    got = 0
                if got == 0:
                    return GONE
                have += got
        return 0

    def _wait(fd: int, seat: int, events: int) -> int:
        left = _left[seat]
        poll = select.poll()
        poll.register(fd, events)
        began = time.monotonic()
        ready = poll.poll(max(0, min(left[1:])) * 1000)
        spent = time.monotonic() - began
        left[1] -= spent
        left[2] -= spent
        if ready:
            return 0
        return ALL_LATE if left[2] <= left[1] else ANSWER_LATE
