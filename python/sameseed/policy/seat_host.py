"""Runs the untrusted policy of one seat in its own sandbox and answers the referee's questions.

It guards nothing: whatever the policy does to this process, it does to itself. It turns the policy's ordinary mistakes into
an ERROR frame that says what failed, and runs the clock of each answer. The result stream on fd 3 belongs to the host and
is left alone. `restart` mode is in `seat_restart`.
"""

from __future__ import annotations

import os

from ..play.failures import clean, describe
from ..recording.canonical import encode
from ..recording.canonical_decode import SHOWN, decode
from ..recording.canonical_tags import CanonicalError
from ..recording.frames import ACTION, ERROR, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link, LinkClosed
from ..recording.plain import encode_plain
from ..world.sealed import boundary
from .load_policy import BadPolicy, Choose, load
from .source_files import enter_folder

try:
    from .._zygote import move_clock
except ImportError:  # outside an image, where tests run it

    def move_clock(us: int) -> None:
        """There is no clock."""


_SMALL_INTEGERS = 24
_ENCODED = [encode(number) for number in range(_SMALL_INTEGERS)]


class BadAction(Exception):
    """The policy returned something that cannot be an action."""


def serve(
    *, seed: int, fd: int, path: str, seat: str, mode: str, move_us: int, files: tuple[str, ...] | list[str] = ()
) -> None:
    """Answers each STEP with an ACTION until the referee closes the link. `move_us`: CPU time of one answer; 0: no clock.

    `files`: what lies beside the policy, by its path; the policy then runs in their folder.
    """
    link = Link(fd, MAX_TO_POLICY, MAX_TO_REFEREE)
    if mode == "restart":
        # Imported when it is needed: it imports this module.
        from . import seat_restart

        seat_restart.serve(link, seed=seed, path=path, seat=seat, move_us=move_us, files=files)
        return
    if files:
        enter_folder(os.path.dirname(path))
    sequence = 0
    try:
        link.receive((HELLO,), 0)
        move_clock(move_us)
        choose = load(path, seat, seed)
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


def answered(choose: Choose, payload: bytes, move_us: int) -> bytes:
    """The encoded action of one question, made while its clock runs."""
    move_clock(move_us)
    turn = decode(payload, SHOWN)
    action = choose(turn["observation"], turn["info"])
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


def error_payload(error: BaseException) -> bytes:
    """What an ERROR frame says. `kind` says what the referee cannot see by itself; it believes it where it could be true."""
    name, message, trace = describe(error)
    kind = {BadPolicy: "bad_policy", BadAction: "illegal_action"}.get(type(error), "raised")
    # Cut to what fits into one frame even when every character takes four bytes.
    return encode({"kind": kind, "type": name, "message": message, "traceback": clean(trace, 8192)})
