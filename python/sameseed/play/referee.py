"""The referee: plays episodes of one environment, each under one seed and recorded as one trajectory.

Theory of operation. An episode is a straight line (seed, make, reset, steps) that may break at any point, in code
nobody trusts. In each step the seat whose turn it is picks an action, or every seat does; an ordinary environment has one seat. Whatever
breaks becomes an `Ended` with an outcome, the line is left, and the closing record and the summary are written from
one place. Nothing the environment or a policy does raises out of `run`; only a lost host stream does.

Several episodes may follow one another on one stream where only Sameseed's own code runs in them: each has an
environment and a recorder of its own, so that its bytes are those it has alone.

The environment runs in this very process. What it does to the recorder's memory or to the stream is not prevented
here but by its own sandbox: it can spoil only its own trajectory.

A branch has a past: recorded actions are played again (past.py), the state is re-keyed where that is asked for
(reseeding.py), and from there on its own seats play. Or it is a copy of a referee that has played the past and waits: then
the host says what it is re-keyed by, behind the past or where the caller's answer was due.

docs/trajectory-format.md, sections 2, 3, 10 and 11, is the specification.
"""

from __future__ import annotations

import base64

from ..recording.canonical_decode import decode
from ..recording.frames import BulkStream, HostStream
from ..recording.hidden import HiddenState, NoHidden
from ..recording.recorder import Recorder
from ..world.sealed import apart, boundary
from .episode_end import Ended, close_episode, encoded_or_none, policy_failed, raise_broken
from .failures import IllegalAction, OutOfActions, PolicyFailure, UnknownEnvironment
from .host_answers import ReseedAsked, await_order
from .past import Part, going_on
from .prepared import take
from .reseeding import Keys, reseed
from .rewards import RewardSum
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
    past: list[dict] | tuple[dict, ...] = (),
    copied: bool = False,
    pictures: dict | None = None,
    fd: int = STREAM_FD,
) -> None:
    """Plays an episode for each seed, one after the other, and writes their frames to `fd`; a branch has a past.

    Where it is `copied`, it waits for the host behind the past. With `pictures`, it also tells what is rendered.
    """
    stream = HostStream(fd) if len(seeds) == 1 else BulkStream(fd)
    recorded: tuple[list, dict | None] | None = None
    if replay is None:
        sitting = make_seats(seats, seeds[0], stream, fd)
    else:
        recorded = (decode(base64.b64decode(replay["actions"])), replay.get("end"))
        sitting = replayed_seats(seats, *recorded)
    parts = [Part(part) for part in past]
    # Given back when memory runs out, so that the end can still be told.
    reserve = [bytes(_RESERVE_BYTES)]
    for seed in seeds:
        episode = _Episode(seed, seats, sitting, stream, list(volatile_info), max_steps)
        episode.recorded = recorded
        episode.awaited = (stream, fd) if copied else None
        if pictures is not None:
            with apart():
                from .pictures import draw

                draw(episode, stream, list(volatile_info), pictures)
        try:
            episode.play(environment, env_args, parts)
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
        self.own = (specs, seats)
        # Of the last re-keying; None where there was none.
        self.keys: Keys | None = None
        self._sit(specs, seats)
        self.hidden: HiddenState | NoHidden = HiddenState()
        self.recorder = Recorder(stream, self.hidden, volatile)
        self.max_steps = max_steps
        self.stage: Stage | None = None
        self.steps = 0
        self.rewards = RewardSum()
        # Actions and end of the rollout that is played again.
        self.recorded: tuple[list, dict | None] | None = None
        # The step of that rollout in which a policy ended it, and whose policy.
        self.failing: tuple[int, str | None] | None = None
        # Where the host is waited for behind the past.
        self.awaited: tuple[HostStream, int] | None = None
        self.seeded: list[str] = []
        self.warnings: list[str] = []
        self.spaces: dict[str, dict] = {}  # by seat, as they were behind the reset

    def _sit(self, specs: list[dict], seats: list[Seat]) -> None:
        self.specs = specs
        self.seats = seats
        self.samples = [is_random(spec) for spec in specs]

    def play(self, environment: dict, env_args: dict, past: list[Part]) -> None:
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
        before: list[tuple[dict, Seat | None]] = []
        for part in past:
            before = self._play_part(stage, part, before)
        if self.awaited is not None:
            self.reseed(stage, await_order(*self.awaited, self.steps + 1), before)
        specs, seats = self.own
        if self.recorded is None:
            stay = going_on(specs, before)
        else:
            # Its seats take recorded actions, so that nobody goes on behind a past.
            stay = going_on(specs, [])
            seats = self._replayed(stage, specs, seats, *self.recorded)
        self._sit(specs, [old or new for old, new in zip(stay, seats)])
        for spec, seat, old in zip(specs, seats, stay):
            if old is None:
                self._start(stage, spec, seat)
        if past:
            # How seats were taken is no part of the environment's ledger.
            boundary(self.steps)
        while self.steps != self.max_steps:
            self._step(stage)
        raise Ended("truncated")

    def _replayed(self, stage: Stage, specs: list[dict], seats: list[Seat], actions: list, end: dict | None) -> list[Seat]:
        """The seats of a rollout that is played again; those that act together take their parts of each action."""
        if not stage.together:
            return seats
        refused = [actions.pop()] if end is not None and end["refused"] else []
        if end is not None:
            self.failing = (self.steps + len(actions) + 1, end["error"].get("seat"))
        return replayed_seats(specs, stage.in_turns(actions, refused), end)

    def _start(self, stage: Stage, spec: dict, seat: Seat) -> None:
        """Lets a seat begin; at a branch, with the stream that the last re-keying gives it."""
        name = spec["seat"]
        try:
            seat.start(self.seed, stage)
        except PolicyFailure as failure:
            raise policy_failed(failure, self.steps + 1, name) from None
        if self.keys is not None and hasattr(seat, "stream"):
            seat.stream.seed(self.keys.seat(name))
        if spec["kind"] == "builtin" and not stage.has_sampler:
            self.seeded.append(name if self.steps == 0 else f"{name} (from step {self.steps})")

    def _play_part(
        self, stage: Stage, part: Part, before: list[tuple[dict, Seat | None]]
    ) -> list[tuple[dict, Seat | None]]:
        """Plays a part of the past; returns who sat there."""
        seats = part.seats(before, stage)
        stay = going_on(part.specs, before)
        self._sit(part.specs, seats)
        for spec, seat, old in zip(part.specs, seats, stay):
            if old is None and seat.own is not None:
                self._start(stage, spec, seat.own)
        for _ in range(part.steps):
            self._step(stage)
        sat = [(spec, seat.own) for spec, seat in zip(part.specs, seats)]
        self.reseed(stage, part.reseed, sat)
        return sat

    def reseed(self, stage: Stage, number: int | None, seats: list[tuple[dict, Seat | None]]) -> None:
        """Re-keys the state as it is after the last step, with the streams of these seats; or leaves it as it is."""
        if number is None:
            return
        keys = self.keys = Keys(self.seed, self.steps, number)
        try:
            stuck = reseed(keys, stage)
        except BaseException as error:
            raise_broken(self.recorder, error, self.steps + 1)
        for spec, seat in seats:
            if hasattr(seat, "stream"):
                seat.stream.seed(keys.seat(spec["seat"]))
        self.seeded.append(f"reseed {number} at step {self.steps}")
        self.warnings += [f"the generator at {place} cannot be re-keyed" for place in stuck]
        boundary(self.steps)

    def _prepare(self, environment: dict, env_args: dict) -> None:
        # A built-in environment draws nothing while it is made: nobody else's code runs in it.
        if environment["kind"] != "builtin":
            self.seeded += seed_globals(self.seed)
        count = len(self.seats)
        stage = self.stage = take(environment, env_args, count) or make_stage(environment, env_args, count)
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
        try:
            action = self._together(stage, number) if stage.together else self._choice(stage, number, stage.turn)
            encoded = self.recorder.action(action)
        except Ended:
            raise
        except BaseException as error:
            raise_broken(self.recorder, error, number)
        sampled = all(self.samples) if stage.together else self.samples[stage.turn]
        if not sampled or stage.legal is not None:
            # However an answer was asked for and taken is no part of the environment's ledger; its own sampler is.
            boundary(number)
        try:
            result, reward, terminated, truncated = stage.step(number, action)
            self.recorder.step(encoded, result)
        except BaseException as error:
            raise_broken(self.recorder, error, number, encoded)
        self.steps = number
        self.rewards.add(number, reward)
        if terminated:
            raise Ended("terminated")
        if truncated:
            raise Ended("truncated")

    def _together(self, stage: Stage, number: int) -> dict:
        """The actions of all agents, each asked of the seat of its own."""
        action = {}
        for at in stage.turns():
            if self.failing is not None and self.failing[0] == number and self.failing[1] != self.specs[at]["seat"]:
                # What the others chose in the step in which one failed is not recorded.
                continue
            stage.face(at)
            if self.specs[at]["kind"] == "remote":
                # A policy sees what its own agent sees.
                self.recorder.observation, self.recorder.info = stage.view()
            action[stage.agent] = self._choice(stage, number, at)
        return action

    def _choice(self, stage: Stage, number: int, at: int) -> object:
        """The action of one seat; whatever its policy does wrong ends the episode."""
        try:
            return self.seats[at].choose(number, stage, self.recorder)
        except ReseedAsked as asked:
            self.reseed(stage, asked.number, list(zip(self.specs, self.seats)))
            return self._choice(stage, number, at)
        except OutOfActions:
            raise Ended("truncated") from None
        except PolicyFailure as failure:
            raise policy_failed(failure, number, self.specs[at]["seat"]) from None
        except IllegalAction as error:
            refused = encoded_or_none(error.value)
            failure = PolicyFailure("illegal_action", "illegal_action", "IllegalAction", str(error), action=refused)
            raise policy_failed(failure, number, self.specs[at]["seat"]) from None

    def finish(self, ended: Ended) -> None:
        """Closes the environment, and writes the closing record and the summary."""
        if self.rewards.reason:
            self.warnings.append(self.rewards.reason)
        told = {"steps": self.steps, "totalReward": self.rewards.value, "seeded": self.seeded, "warnings": self.warnings}
        if self.spaces:
            told["spaces"] = self.spaces
        close_episode(ended, self.recorder, None if self.stage is None else self.stage.env, told)
