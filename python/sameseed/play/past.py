"""The past of a branch: what was recorded before it, played again.

Theory of operation. A past has parts: the rollout from its reset on, then each branch on the way. In each part recorded
actions are handed to the environment, and what else a step moved is moved as it was: a built-in policy is asked, and its
answer is not used, so that its stream or the sampler it draws from stands where it stood. A built-in policy that goes on
behind the end of a part is the same one; every other seat is taken anew there. The records of a past go to the host like
all records, and the host compares them with what was recorded.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from ..recording.canonical_decode import decode
from ..recording.recorder import Recorder
from .failures import OutOfActions
from .seats import BuiltinSeat, RandomSeat, Seat, is_random
from .stage import Stage


class PastSeat:
    """A seat of a part: takes the recorded actions, which all seats of the part share."""

    def __init__(self, actions: Iterator[object], spec: dict, own: Seat | None) -> None:
        self._actions = actions
        self._is_random = is_random(spec)
        # The built-in policy that is asked beside it.
        self.own = own

    def choose(self, number: int, stage: Stage, recorder: Recorder) -> object:
        """The recorded action of this step."""
        for action in self._actions:
            if self.own is not None:
                self.own.choose(number, stage, recorder)
            # What the space sampled is as it was before it was recorded.
            return stage.restored(action) if self._is_random and stage.legal is None else stage.checked(action)
        raise OutOfActions


class Part:
    """One part of a past."""

    def __init__(self, part: dict) -> None:
        self.specs: list[dict] = part["seats"]
        # What the state is re-keyed by where the part ends; None where it is taken as it is.
        self.reseed: int | None = part["reseed"]
        self._actions: list = decode(base64.b64decode(part["actions"]))

    def seats(self, before: list[tuple[dict, Seat | None]]) -> list[PastSeat]:
        """Its seats, given those of the part before: each of their specs, and the built-in policy that sat there."""
        shared = iter(self._actions)
        owns = going_on(self.specs, before)
        return [PastSeat(shared, spec, own or _made(spec)) for spec, own in zip(self.specs, owns)]

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return len(self._actions)


def going_on(specs: list[dict], before: list[tuple[dict, Seat | None]]) -> list[Seat | None]:
    """By seat: the built-in policy that sits there already and goes on, or None."""
    if not before:
        return [None] * len(specs)
    return [own if spec == was else None for spec, (was, own) in zip(specs, before)]


def _made(spec: dict) -> Seat | None:
    if spec["kind"] != "builtin":
        return None
    return RandomSeat(spec["seat"]) if is_random(spec) else BuiltinSeat(spec["seat"], spec["name"])
