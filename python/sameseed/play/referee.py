"""The referee: plays one episode of one environment under one seed and records it.

Theory of operation. An episode is a straight line (seed, make, reset, steps) that may break at any point, in code
nobody trusts. Whatever breaks becomes a `Ended` with an outcome, the line is left, and the closing record and the
summary are written from one place. Nothing the environment or the policy does raises out of `run`; only a lost host
stream does.

The environment runs in this very process. What it does to the recorder's memory or to the stream is not prevented
here but by its own sandbox: it can spoil only its own trajectory.
"""

from __future__ import annotations

from ..recording.canonical import encode
from ..recording.canonical_tags import CanonicalError
from .environment import make_environment, unwrap
from .episode_end import Ended, close_episode, raise_broken, restore_recursion_limit
from .failures import IllegalAction, OutOfActions, PolicyFailure
from ..recording.frames import HostStream
from ..recording.hidden import HiddenState
from .policies import Policy, make_policy
from ..recording.recorder import Recorder
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
_RESERVE_BYTES = 1 << 18


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
    except Ended as ended:
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
        """Plays until the episode is over; always leaves by `Ended`."""
        self.seeded += seed_globals(self.seed)
        try:
            self.env = make_environment(environment, env_args)
            self.hidden.watch_environment(unwrap(self.env))
            spaces = Spaces(self.env, self.seed, self.hidden, self.seeded, self.warnings)
            spaces.seed_first()
        except BaseException as error:
            raise_broken(self.recorder, error, None)
        try:
            observation, info = _checked_reset(self.env.reset(seed=self.seed))
            self.seeded.append("env")
            self.hidden.watch_environment(unwrap(self.env))
            spaces.seed_replaced()
            self.recorder.reset(observation, info)
        except BaseException as error:
            raise_broken(self.recorder, error, 0)
        try:
            self.policy.start()
        except PolicyFailure as failure:
            raise self._policy_failed(failure, 1) from None
        while self.steps != self.max_steps:
            self._step(spaces)
        raise Ended("truncated")

    def _step(self, spaces: Spaces) -> None:
        number = self.steps + 1
        try:
            action = self.policy.next(number, spaces.action_space)
            encoded = self.recorder.action(action)
        except OutOfActions:
            raise Ended("truncated") from None
        except PolicyFailure as failure:
            raise self._policy_failed(failure, number) from None
        except IllegalAction as error:
            said = {"type": "IllegalAction", "message": str(error), "traceback": "", "step": number, "by": "policy"}
            raise Ended("illegal_action", said, _encoded_or_none(error.value)) from None
        except BaseException as error:
            raise_broken(self.recorder, error, number)
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
            raise_broken(self.recorder, error, number, encoded)
        self.steps = number
        self.total_reward += number_reward
        if terminated:
            raise Ended("terminated")
        if truncated:
            raise Ended("truncated")

    def finish(self, ended: Ended) -> None:
        """Closes policy and environment, and writes the closing record and the summary."""
        restore_recursion_limit()
        try:
            self.policy.close()
        except OSError:
            pass
        told = {
            "steps": self.steps,
            "totalReward": self.total_reward,
            "seeded": self.seeded,
            "warnings": self.warnings,
        }
        close_episode(ended, self.recorder, self.env, told)

    def _policy_failed(self, failure: PolicyFailure, step: int) -> Ended:
        said = {"type": failure.kind, "message": str(failure), "traceback": failure.trace, "step": step, "by": "policy"}
        return Ended(failure.outcome, said)


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
