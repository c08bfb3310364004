"""Runs an untrusted policy in its own sandbox: loads its source and answers the referee's questions.

It guards nothing: whatever the policy does to this process, it does to itself. It only has to turn the policy's
ordinary mistakes into an ERROR frame that says what failed. The result stream on fd 3 belongs to the host and is left
alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from ..recording.canonical import encode
from ..recording.canonical_decode import decode
from ..recording.canonical_tags import CanonicalError
from ..recording.plain import encode_plain
from ..play.failures import clean, describe
from ..recording.frames import ACTION, ERROR, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link, LinkClosed
from ..play.seeding import seed_globals
from .source_files import import_file
from ..world.sealed import boundary

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None


class BadPolicy(Exception):
    """The file is not a policy."""


class BadAction(Exception):
    """The policy returned something that cannot be an action."""


def serve(*, seed: int, fd: int, path: str) -> None:
    """Loads the policy at `path`, then answers each STEP with an ACTION until the referee closes the link."""
    link = Link(fd, MAX_TO_POLICY, MAX_TO_REFEREE)
    sequence = 0
    try:
        link.receive((HELLO,), 0)
        seed_globals(seed)
        rng = random.Random(seed) if np is None else np.random.Generator(np.random.PCG64(seed))
        act = _load(path)
        link.send(READY, 0, encode({}))
        while True:
            sequence += 1
            _, payload = link.receive((STEP,), sequence)
            action = act(decode(payload), rng)
            boundary(sequence)
            link.send(ACTION, sequence, _encoded(action))
    except LinkClosed:
        pass
    except BaseException as error:
        link.send(ERROR, sequence, _error(error))
    link.close()


def _load(path: str) -> Callable[[object, object], object]:
    try:
        module = import_file(path)
    except SyntaxError as error:
        raise BadPolicy(f"the policy does not compile: {error}") from error
    act = module.__dict__.get("act")
    if not callable(act):
        raise BadPolicy("the policy has no function act(observation, rng)")
    return act


def _encoded(action: object) -> bytes:
    try:
        data = encode_plain(action, "action")
    except CanonicalError as error:
        raise BadAction(str(error)) from None
    if len(data) > MAX_TO_REFEREE:
        raise BadAction(f"the action has {len(data)} bytes, and at most {MAX_TO_REFEREE} may be sent")
    return data


def _error(error: BaseException) -> bytes:
    kind, message, trace = describe(error)
    # Cut to what fits into one frame even when every character takes four bytes.
    return encode({"type": kind, "message": message, "traceback": clean(trace, 8192)})
