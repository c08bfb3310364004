"""The referee: plays one episode of one environment under one seed and records it.

Theory of operation. An episode is a straight line (seed, make, reset, steps) that may break at any point, in code
nobody trusts. Whatever breaks becomes a `_Ended` with an outcome, the line is left, and the closing record and the
summary are written from one place. Nothing the environment or the policy does raises out of `run`; only a lost host
stream does.

The environment runs in this very process. What it does to the recorder's memory or to the stream is not prevented
here but by its own sandbox: it can spoil only its own trajectory.
"""

from __future__ import annotations

import sys

from .canonical import encode
from .canonical_tags import CanonicalError
from .environment import make_environment, unwrap
from .failures import IllegalAction, OutOfActions, PolicyFailure, describe, outcome_of
from .frames import HostStream
from .hidden import HiddenState
from .policies import Policy, make_policy
from .recorder import Recorder
from .seeding import Spaces, seed_globals

try:
    import numpy as np

    _NUMBERS: tuple[type, ...] = (int, float, np.integer, np.floating, np.bool_)
    _TRUTHS: tuple[type, ...] = (bool, np.bool_, int, np.integer)
except ImportError:  # a plain Python image
    np = None
    _NUMBERS = (int, float)
    _TRUTHS = (bool, int)

STREAM_FD = 3
_RECURSION_LIMIT = 1000
_RESERVE_BYTES = 1 << 18


class _Ended(Exception):
    """The episode is over; `error` is set unless it ended by the rules."""

    def __init__(self, outcome: str, error: dict | None = None, action: bytes | None = None) -> None:
        self.outcome = outcome
        self.error = error
        self.action = action


def run(
    *,
    seed: int,
    environment: dict,
    env_args: dict,
    policy: dict,
    max_steps: int | None = None,
    volatile_info: list[str] | tuple[str, ...] = (),
    fd: int = STREAM_FD,
) -> None:
    """Plays one episode and writes its frames to `fd`."""
    stream = HostStream(fd)
    hidden = HiddenState()
    recorder = Recorder(stream, hidden, list(volatile_info))
    episode = _Episode(seed, hidden, recorder, make_policy(policy, seed, recorder), max_steps)
    # Given back when memory runs out, so that the end can still be told.
    reserve = [bytes(_RESERVE_BYTES)]
    try:
        episode.play(environment, env_args)
    except _Ended as ended:
        reserve.clear()
        episode.finish(ended)


class _Episode:
    def __init__(
        self, seed: int, hidden: HiddenState, recorder: Recorder, policy: Policy, max_steps: int | None
    ) -> None:
        self.seed = seed
        self.hidden = hidden
        self.recorder = recorder
        self.policy = policy
        self.max_steps = max_steps
        self.env: object = None
        self.steps = 0
        self.total_reward = 0.0
        self.seeded: list[str] = []
        self.warnings: list[str] = []

    def play(self, environment: dict, env_args: dict) -> None:
        """Plays until the episode is over; always leaves by `_Ended`."""
        self.seeded += seed_globals(self.seed)
        try:
            self.env = make_environment(environment, env_args)
            self.hidden.watch_environment(unwrap(self.env))
            spaces = Spaces(self.env, self.seed, self.hidden, self.seeded, self.warnings)
            spaces.seed_first()
        except BaseException as error:
            raise self._broken(error, None) from None
        try:
            observation, info = _checked_reset(self.env.reset(seed=self.seed))
            self.seeded.append("env")
            self.hidden.watch_environment(unwrap(self.env))
            spaces.seed_replaced()
            self.recorder.reset(observation, info)
        except BaseException as error:
            raise self._broken(error, 0) from None
        try:
            self.policy.start()
        except PolicyFailure as failure:
            raise self._policy_failed(failure, 1) from None
        while self.steps != self.max_steps:
            self._step(spaces)
        raise _Ended("truncated")

    def _step(self, spaces: Spaces) -> None:
        number = self.steps + 1
        try:
            action = self.policy.next(number, spaces.action_space)
            encoded = self.recorder.action(action)
        except OutOfActions:
            raise _Ended("truncated") from None
        except PolicyFailure as failure:
            raise self._policy_failed(failure, number) from None
        except IllegalAction as error:
            said = {"type": "IllegalAction", "message": str(error), "traceback": "", "step": number, "by": "policy"}
            raise _Ended("illegal_action", said, _encoded_or_none(error.value)) from None
        except BaseException as error:
            raise self._broken(error, number) from None
        try:
            result = self.env.step(action)
            if type(result) is not tuple or len(result) != 5:
                raise TypeError(f"step() must return a tuple of five values, and returned {_shape(result)}")
            reward, terminated, truncated = result[1], result[2], result[3]
            number_reward = _number(reward)
            if type(terminated) is not bool or type(truncated) is not bool:
                _check_truth("terminated", terminated)
                _check_truth("truncated", truncated)
            if type(result[4]) is not dict:
                _check_info(result[4])
            spaces.look(number)
            self.recorder.step(encoded, result)
        except BaseException as error:
            raise self._broken(error, number, encoded) from None
        self.steps = number
        self.total_reward += number_reward
        if terminated:
            raise _Ended("terminated")
        if truncated:
            raise _Ended("truncated")

    def finish(self, ended: _Ended) -> None:
        """Closes policy and environment, and writes the closing record and the summary."""
        # An environment may have lowered the limit, or left it where the recorder's own calls hit it.
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
        try:
            self.policy.close()
        except OSError:
            pass
        error = ended.error
        chained = None if error is None else {key: error[key] for key in ("type", "message", "step")}
        # Before the environment is closed: what close() does is no part of the episode.
        self.recorder.close(ended.outcome, chained, ended.action)
        try:
            close = getattr(self.env, "close", None)
            if close is not None:
                close()
        except BaseException as failure:
            kind, message, _ = describe(failure)
            self.warnings.append(f"env.close() raised {kind}: {message}")
        summary = {
            "outcome": ended.outcome,
            "steps": self.steps,
            "totalReward": self.total_reward,
            "seeded": self.seeded,
            "warnings": self.warnings,
        }
        if error is not None:
            summary["error"] = error
        self.recorder.end(summary)

    def _broken(self, error: BaseException, step: int | None, action: bytes | None = None) -> _Ended:
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
        kind, message, trace = describe(error)
        said = {"type": kind, "message": message, "traceback": trace, "step": step, "by": "environment"}
        # The frames of the failure keep alive whatever filled the memory.
        error.__traceback__ = None
        return _Ended(outcome_of(error), said, action)

    def _policy_failed(self, failure: PolicyFailure, step: int) -> _Ended:
        said = {"type": failure.kind, "message": str(failure), "traceback": failure.trace, "step": step, "by": "policy"}
        return _Ended(failure.outcome, said)


def _encoded_or_none(value: object) -> bytes | None:
    try:
        return encode(value)
    except CanonicalError:
        return None


def _shape(value: object) -> str:
    return f"a tuple of {len(value)}" if type(value) is tuple else f"a value of type {type(value).__name__}"


def _checked_reset(result: object) -> tuple[object, dict]:
    if type(result) is not tuple or len(result) != 2:
        raise TypeError(f"reset() must return (observation, info), and returned {_shape(result)}")
    _check_info(result[1])
    return result


def _check_info(info: object) -> None:
    if not isinstance(info, dict):
        raise TypeError(f"info must be a dict, and is a value of type {type(info).__name__}")


def _check_truth(name: str, value: object) -> None:
    if not isinstance(value, _TRUTHS):
        raise TypeError(f"{name} must be a bool, and is a value of type {type(value).__name__}")


def _number(reward: object) -> float:
    if type(reward) is float:
        return reward
    if isinstance(reward, _NUMBERS):
        return float(reward)
    if np is not None and type(reward) is np.ndarray and reward.size == 1 and reward.dtype.kind in "biuf":
        return float(reward.reshape(-1)[0])
    raise TypeError(f"the reward must be a number, and is a value of type {type(reward).__name__}")
