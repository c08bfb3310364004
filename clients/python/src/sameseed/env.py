"""`make`: an environment of a server as a `gymnasium.Env`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from .client import Client, default_client
from .errors import SameseedError
from .plain import as_seed
from .rollout import Checkpoint, Rollout
from .spaces import as_action, as_member, to_space
from .turn import Turn

_SEEDS = 2**31


def make(
    id: str | dict[str, Any],
    *,
    client: Client | None = None,
    max_episode_steps: int | None = None,
    render_mode: None = None,
    **options: Any,
) -> SameseedEnv:
    """An environment whose every episode runs in a fresh sandbox, recorded.

    `id` is a name of the server's image, such as `CartPole-v1`, or `{"source": TEXT, "className": NAME}`. `options` are those of
    the native API (`image`, `world`, `limits`, …); what is none of these goes to the environment.
    """
    if render_mode is not None:
        raise SameseedError("bad_argument", "nothing is rendered", "leave out render_mode")
    return SameseedEnv(id, client=client, **rollout_options(max_episode_steps, options))


_OPTIONS = frozenset(
    ("backend", "envArgs", "files", "idleMs", "image", "limits", "maxSteps", "volatileInfo", "world")
)


def rollout_options(max_episode_steps: int | None, given: dict[str, Any]) -> dict[str, Any]:
    """Options as the native API has them."""
    options = {name: value for name, value in given.items() if name in _OPTIONS}
    arguments = {name: value for name, value in given.items() if name not in _OPTIONS}
    if arguments:
        options["envArgs"] = {**options.get("envArgs", {}), **arguments}
    if max_episode_steps is not None:
        options["maxSteps"] = max_episode_steps
    return options


class SameseedEnv(gymnasium.Env[Any, Any]):
    """Made by `make`. `reset(seed=S)` begins the episode of seed S; without a seed the next one that follows from the last.

    Calls at the same time, from several threads, are carried out one after the other. Only the process that made it can use it.
    """

    metadata = {"render_modes": []}
    render_mode = None

    def __init__(self, id: str | dict[str, Any], *, client: Client | None = None, **options: Any) -> None:
        self._name, self._options = id, options
        self._client = client or default_client()
        self._turn = Turn()
        # The spaces are those of an episode; it is the first one's where that has the same seed.
        self._rollout: Rollout | None = self._open(0)
        self._is_unused = True
        self.action_space = to_space(self._rollout.action_space)
        self.observation_space = to_space(self._rollout.observation_space)
        self.summary: dict[str, Any] | None = None
        self.trajectory: bytes | None = None

    @property
    def rollout(self) -> Rollout:
        """The episode that is open."""
        if self._rollout is None:
            raise SameseedError("rollout_over", "no episode is open", "call reset()")
        return self._rollout

    @property
    def legal(self) -> list[int] | None:
        """The actions that are legal now, where the environment says so."""
        return self.rollout.legal

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in a fresh sandbox; the one before is over, and its record in `summary` and `trajectory`."""
        with self._turn:
            super().reset(seed=seed)
            if options:
                raise SameseedError("bad_argument", "an episode has no reset options", "give them to make()")
            chosen = int(self.np_random.integers(_SEEDS)) if seed is None else as_seed(seed)
            if not (self._is_unused and self._rollout is not None and chosen == self._rollout.seed):
                self._end_before_another()
                self._rollout = self._open(chosen)
            self._is_unused = False
            return self._observation(), dict(self.rollout.info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Takes a step."""
        with self._turn:
            if self._is_unused:
                raise SameseedError("rollout_over", "no episode has begun", "call reset()")
            told = self.rollout.step(as_action(action))
            return self._observation(), told.reward, told.terminated, told.truncated, told.info

    def branch(self, count: int = 1, *, reseed: list[Any] | None = None) -> list[SameseedEnv]:
        """Further environments that are where this one is; each goes its own way from here."""
        with self._turn:
            return [self._adopt(rollout) for rollout in self.rollout.branch(count, reseed=reseed)]

    def checkpoint(self) -> Checkpoint:
        """Keeps the episode's state."""
        return self.rollout.checkpoint()

    def rollback(self, checkpoint: Checkpoint) -> tuple[Any, dict[str, Any]]:
        """Comes back to a state that was kept."""
        with self._turn:
            self.rollout.rollback(checkpoint)
            return self._observation(), dict(self.rollout.info)

    def render(self) -> None:
        """Nothing is rendered."""
        return None

    def close(self) -> None:
        """Ends the episode. May be called repeatedly. In a child of the process that made it nothing is done: it is that process's."""
        if self._turn.is_here:
            with self._turn:
                self._end()

    def _open(self, seed: int) -> Rollout:
        return Rollout(self._name, seed, client=self._client, **self._options)

    def _end_before_another(self) -> None:
        try:
            self._end()
        except SameseedError as error:
            if error.code != "lease_ended":
                raise
            # The episode is gone with its lease, and its record with it; the one that begins has another.
            self.summary, self.trajectory = None, None

    def _end(self) -> None:
        rollout, self._rollout = self._rollout, None
        if rollout is None:
            return
        summary = rollout.close()
        if not self._is_unused:
            self.summary, self.trajectory = summary, rollout.trajectory

    def _adopt(self, rollout: Rollout) -> SameseedEnv:
        env = SameseedEnv.__new__(type(self))
        env._name, env._options, env._client = self._name, self._options, self._client
        env._turn, env._rollout, env._is_unused = Turn(), rollout, False
        env.action_space, env.observation_space = self.action_space, self.observation_space
        env.summary, env.trajectory = None, None
        # Its own generator, which goes on as this one's would: what is drawn from either says nothing of the other.
        env._np_random = np.random.Generator(np.random.PCG64())
        env._np_random.bit_generator.state = self.np_random.bit_generator.state
        return env

    def _observation(self) -> Any:
        return as_member(self.observation_space, self.rollout.observation)
