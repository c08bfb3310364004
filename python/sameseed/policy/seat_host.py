"""Runs the untrusted policy of one seat of a game in its own sandbox and answers the referee's questions.

It guards nothing: whatever the policy does to this process, it does to itself. It turns the policy's ordinary mistakes into
an ERROR frame that says what failed, and runs the clock of each move. `restart` mode is in `seat_restart`.
"""

from __future__ import annotations

from collections.abc import Callable

from . import policy_choice
from ..recording.canonical import encode
from ..recording.canonical_decode import decode
from ..recording.canonical_tags import CanonicalError
from ..recording.plain import encode_plain
from ..play.failures import clean, describe
from ..recording.frames import ACTION, ERROR, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link, LinkClosed
from ..world.sealed import boundary

try:
    from .._zygote import move_clock
except ImportError:  # outside an image, where tests run it

    def move_clock(us: int) -> None:
        """There is no clock."""


_SMALL_INTEGERS = 24
_ENCODED = [encode(number) for number in range(_SMALL_INTEGERS)]
# A question about a board, but for its cells: what comes before them, what comes after them.
_AROUND = {
    seat: (
        b"\xa2\x64info" + encode({"agent": seat}) + b"\x6bobservation\xa2\x65board\x89",
        b"\x66player" + encode(seat),
    )
    for seat in ("X", "O")
}
_MARKS = {0xF6: None, ord("X"): "X", ord("O"): "O"}
_KNOWN = bytes(_MARKS)
_BOARD_CELLS = 9


class BadAction(Exception):
    """The policy returned something that cannot be an action."""


def serve(*, seed: int, fd: int, path: str, seat: str, mode: str, move_us: int) -> None:
    """Answers each STEP with an ACTION until the referee closes the link."""
    link = Link(fd, MAX_TO_POLICY, MAX_TO_REFEREE)
    if mode == "restart":
        # Imported when it is needed: it imports this module.
        from . import seat_restart

        seat_restart.serve(link, seed=seed, path=path, seat=seat, move_us=move_us)
        return
    sequence = 0
    try:
        link.receive((HELLO,), 0)
        move_clock(move_us)
        choose = policy_choice.load(path, seat, seed)
        move_clock(0)
        link.send(READY, 0, encode({}))
        while True:
            sequence += 1
            _, payload = link.receive((STEP,), sequence)
            answer = answered(choose, payload, move_us)
            boundary(sequence)
            link.send(ACTION, sequence, answer)
    except LinkClosed:
        pass
    except BaseException as error:
        move_clock(0)
        link.send(ERROR, sequence, error_payload(error))
    link.close()


def answered(choose: Callable[[object, dict], object], payload: bytes, move_us: int) -> bytes:
    """The encoded action of one move, made while its clock runs."""
    move_clock(move_us)
    observation, info = _turn(payload)
    action = choose(observation, info)
    if type(action) is int and 0 <= action < _SMALL_INTEGERS:
        move_clock(0)
        return _ENCODED[action]
    try:
        data = encode_plain(action, "action")
    except CanonicalError as error:
        raise BadAction(str(error)) from None
    move_clock(0)
    if len(data) > MAX_TO_REFEREE:
        raise BadAction(f"the action has {len(data)} bytes, and at most {MAX_TO_REFEREE} may be sent")
    return data


def _turn(payload: bytes) -> tuple[object, dict]:
    """Observation and info of a question; tic-tac-toe's boards are taken apart without the general decoder."""
    for seat, (before, after) in _AROUND.items():
        if payload.startswith(before) and payload.endswith(after):
            cells = payload[len(before) : -len(after)].replace(b"aX", b"X").replace(b"aO", b"O")
            if len(cells) == _BOARD_CELLS and not cells.translate(None, _KNOWN):
                return {"board": [_MARKS[cell] for cell in cells], "player": seat}, {"agent": seat}
    turn = decode(payload)
    return turn["observation"], turn["info"]


def error_payload(error: BaseException) -> bytes:
    """What an ERROR frame says."""
    kind, message, trace = describe(error)
    # Cut to what fits into one frame even when every character takes four bytes.
    return encode({"type": kind, "message": message, "traceback": clean(trace, 8192)})
