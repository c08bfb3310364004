"""The referee: plays episodes of one environment, each under one seed and recorded as one trajectory.

Theory of operation. An episode is a straight line (seed, make, reset, steps) that may break at any point, in code
nobody trusts. In each step the seat whose turn it is picks an action; an ordinary environment has one seat. Whatever
breaks becomes an `Ended` with an outcome, the line is left, and the closing record and the summary are written from
one place. Nothing the environment or a policy does raises out of `run`; only a lost host stream does.

Several episodes may follow one another on one stream where only Sameseed's own code runs in them: each has an
environment and a recorder of its own, so that its bytes are those it has alone.

The environment runs in this very process. What it does to the recorder's memory or to the stream is not prevented
here but by its own sandbox: it can spoil only its own trajectory.

docs/trajectory-format.md, sections 2, 3 and 10, is the specification.
"""

from __future__ import annotations

import base64

from ..recording.canonical import encode
from ..recording.canonical_decode import decode
from ..recording.canonical_tags import CanonicalError
from ..recording.frames import BulkStream, HostStream
from ..recording.hidden import HiddenState, NoHidden
from ..recording.recorder import Recorder
from ..world.sealed import boundary
from .episode_end import Ended, close_episode, raise_broken
from .failures import IllegalAction, OutOfActions, PolicyFailure, UnknownEnvironment
from .seats import Seat, is_random, make_seats, replayed_seats
from .seeds import seed_globals
from .stage import Stage, make_stage

STREAM_FD = 3
_RESERVE_BYTES = 1 << 18


def run(
    *,
    seeds: list[int],
    environment: dict,
    env_args: dict,
    seats: list[dict],
    max_steps: int | None = None,
    volatile_info: list[str] | tuple[str, ...] = (),
    replay: dict | None = None,
    fd: int = STREAM_FD,
) -> None:
    """Plays an episode for each seed, one after the other, and writes their frames to `fd`."""
    stream = HostStream(fd) if len(seeds) == 1 else BulkStream(fd)
    if replay is None:
        sitting = make_seats(seats, seeds[0], stream, fd)
    else:
        sitting = replayed_seats(seats, decode(base64.b64decode(replay["actions"])), replay.get("end"))
    # Given back when memory runs out, so that the end can still be told.
    reserve = [bytes(_RESERVE_BYTES)]
    for seed in seeds:
        episode = _Episode(seed, seats, sitting, stream, list(volatile_info), max_steps)
        try:
            episode.play(environment, env_args)
        except Ended as ended:
            reserve.clear()
            episode.finish(ended)
    if type(stream) is BulkStream:
        stream.finish()
    for seat in sitting:
        try:
            seat.close()
        except OSError:
            pass


class _Episode:
    def __init__(
        self,
        seed: int,
        specs: list[dict],
        seats: list[Seat],
        stream: HostStream,
        volatile: list[str],
        max_steps: int | None,
    ) -> None:
        self.seed = seed
        self.specs = specs
        self.seats = seats
        self.samples = [is_random(spec) for spec in specs]
        self.hidden: HiddenState | NoHidden = HiddenState()
        self.recorder = Recorder(stream, self.hidden, volatile)
        self.max_steps = max_steps
        self.stage: Stage | None = None
        self.steps = 0
        self.total_reward = 0.0
        self.seeded: list[str] = []
        self.warnings: list[str] = []
        # By seat, as they were behind the reset.
        self.spaces: dict[str, dict] = {}

    def play(self, environment: dict, env_args: dict) -> None:
        """Plays until the episode is over; always leaves by `Ended`."""
        try:
            self._prepare(environment, env_args)
        except UnknownEnvironment as error:
            raise_broken(self.recorder, error, None, kind="unknown_environment")
        except BaseException as error:
            raise_broken(self.recorder, error, None)
        stage = self.stage
        try:
            self.recorder.reset(*stage.reset(self.seed, self.seeded))
            stage.told = stage.spaces()
        except BaseException as error:
            raise_broken(self.recorder, error, 0)
        self.spaces = {spec["seat"]: spaces for spec, spaces in zip(self.specs, stage.told) if spaces}
        for spec, seat in zip(self.specs, self.seats):
            try:
                seat.start(self.seed, stage)
            except PolicyFailure as failure:
                raise _failed(failure, 1, spec["seat"]) from None
            if spec["kind"] == "builtin" and not stage.has_sampler:
                self.seeded.append(spec["seat"])
        while self.steps != self.max_steps:
            self._step(stage)
        raise Ended("truncated")

    def _prepare(self, environment: dict, env_args: dict) -> None:
        # A built-in environment draws nothing while it is made: nobody else's code runs in it.
        if environment["kind"] != "builtin":
            self.seeded += seed_globals(self.seed)
        stage = self.stage = make_stage(environment, env_args, len(self.seats))
        if environment["kind"] == "builtin":
            if stage.draws:
                self.seeded += seed_globals(self.seed)
            else:
                # No generator is near it, so that none has to be watched.
                self.hidden = NoHidden()
                self.recorder.watch(self.hidden)
        stage.prepare(self.seed, self.hidden, self.seeded, self.warnings)

    def _step(self, stage: Stage) -> None:
        number = self.steps + 1
        at = stage.turn
        try:
            action = self.seats[at].choose(number, stage, self.recorder)
            encoded = self.recorder.action(action)
        except OutOfActions:
            raise Ended("truncated") from None
        except PolicyFailure as failure:
            raise _failed(failure, number, self.specs[at]["seat"]) from None
        except IllegalAction as error:
            refused = _encoded_or_none(error.value)
            failure = PolicyFailure("illegal_action", "illegal_action", "IllegalAction", str(error), action=refused)
            raise _failed(failure, number, self.specs[at]["seat"]) from None
        except BaseException as error:
            raise_broken(self.recorder, error, number)
        if not self.samples[at] or stage.legal is not None:
            # However an answer was asked for and taken is no part of the environment's ledger; its own sampler is.
            boundary(number)
        try:
            result, reward = stage.step(number, action)
            self.recorder.step(encoded, result)
        except BaseException as error:
            raise_broken(self.recorder, error, number, encoded)
        self.steps = number
        self.total_reward += reward
        if result[2]:
            raise Ended("terminated")
        if result[3]:
            raise Ended("truncated")

    def finish(self, ended: Ended) -> None:
        """Closes the environment, and writes the closing record and the summary."""
        told = {
            "steps": self.steps,
            "totalReward": self.total_reward,
            "seeded": self.seeded,
            "warnings": self.warnings,
        }
        if self.spaces:
            told["spaces"] = self.spaces
        close_episode(ended, self.recorder, None if self.stage is None else self.stage.env, told)


def _failed(failure: PolicyFailure, step: int, seat: str) -> Ended:
    said = {
        "by": "policy",
        "kind": failure.kind,
        "type": failure.type,
        "message": str(failure),
        "traceback": failure.trace,
        "step": step,
        "seat": failure.seat or seat,
    }
    return Ended(failure.outcome, said, failure.action)


def _encoded_or_none(value: object) -> bytes | None:
    try:
        return encode(value)
    except CanonicalError:
        return None
