"""`make_vec`: environments of a server as a `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

from .client import Client, default_client, opened
from .env import rollout_options
from .errors import SameseedError
from .plain import as_plain, as_seed
from .spaces import as_action, as_member, to_space
from .turn import Turn

_MODES = {
    AutoresetMode.NEXT_STEP: "next_step",
    AutoresetMode.SAME_STEP: "same_step",
    AutoresetMode.DISABLED: "disabled",
}
_SEEDS = 2**31
# Episodes of each environment for which seeds are sent along, where the first are no sequence.
_LISTED = 200


def make_vec(
    id: str | dict[str, Any],
    num_envs: int = 1,
    *,
    client: Client | None = None,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    max_episode_steps: int | None = None,
    render_mode: None = None,
    **options: Any,
) -> SameseedVectorEnv:
    """`num_envs` environments that are stepped together, each episode in a fresh sandbox of its own. Options as of `make`."""
    if render_mode is not None:
        raise SameseedError("bad_argument", "nothing is rendered", "leave out render_mode")
    mode = AutoresetMode(autoreset_mode)
    return SameseedVectorEnv(id, num_envs, mode, client=client, **rollout_options(max_episode_steps, options))


class SameseedVectorEnv(VectorEnv[Any, Any, Any]):
    """Made by `make_vec`. `reset(seed=S)` begins the episodes of the seeds S, S+1, …; later ones take the seeds that follow.

    Calls at the same time, from several threads, are carried out one after the other. Only the process that made it can use it.
    """

    render_mode = None

    def __init__(
        self,
        id: str | dict[str, Any],
        num_envs: int,
        autoreset_mode: AutoresetMode,
        *,
        client: Client | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = num_envs
        self.metadata = {"render_modes": [], "autoreset_mode": autoreset_mode}
        self._config = {"env": id, "count": num_envs, "autoreset": _MODES[autoreset_mode], **as_plain(options)}
        self._client = client or default_client()
        self._turn = Turn()
        self._vector: str | None = None
        self._seq = 0
        # Gymnasium closes what is forgotten; before it is open there is nothing to close.
        self.closed = True
        view = self._open(0)
        self.closed = False
        self._is_unused = True
        self._view = view
        self.single_action_space = to_space(view["actionSpace"])
        self.single_observation_space = to_space(view["observationSpace"])
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        #: Episodes that are over, as the server recorded them: `{environment, episode, seed, summary}`.
        self.episodes: list[dict[str, Any]] = []

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begins episodes. `options={"reset_mask": …}` begins those of the masked environments alone."""
        with self._turn:
            return self._reset(seed, options)

    def _reset(self, seed: int | Sequence[int | None] | None, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")
        if set(options or {}) - {"reset_mask"}:
            raise SameseedError("bad_argument", "only reset_mask is an option of reset")
        if mask is not None:
            if seed is not None:
                raise SameseedError("bad_argument", "environments of a mask take the seeds that follow")
            chosen = [int(at) for at in np.flatnonzero(mask)]
            return self._shown(self._change("reset_vector", environments=chosen), chosen)
        if seed is None and not self._is_unused and self._vector is not None:
            try:
                return self._shown(self._change("reset_vector"))
            except SameseedError as error:
                if error.code != "lease_ended":
                    raise
        seeds = self._seeds(seed)
        if not (self._is_unused and seeds == 0):
            try:
                self._end()
            except SameseedError as error:
                if error.code != "lease_ended":
                    raise
                # What was open is gone with its lease; what begins has another.
                self._vector = None
            self._connection.close()
            self._view = self._open(seeds)
        self._is_unused = False
        return self._shown(self._view)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Takes a step in each environment."""
        with self._turn:
            return self._step(actions)

    def _step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        told = self._change("step_vector", actions=self._actions(actions))
        infos: dict[str, Any] = {}
        for at, info in _alike(told["infos"]):
            infos = self._add_info(infos, info, at)
        finals = [(at, as_member(self.single_observation_space, seen), info) for at, seen, info in told["final"]]
        final_infos = _alike([(at, info) for at, _, info in finals])
        for (at, final, _), (_, info) in zip(finals, final_infos, strict=True):
            infos = self._add_info(infos, {"final_obs": final, "final_info": info}, at)
        for episode in told["episodes"]:
            self.episodes.append({**episode, "summary": json.loads(episode["summary"])})
        observations = self._batch(told["observations"])
        return observations, told["rewards"], told["terminated"], told["truncated"], infos

    def close_extras(self, **kwargs: Any) -> None:
        """Ends all episodes. In a child of the process that made it nothing is done: they are that process's."""
        if not self._turn.is_here:
            return
        with self._turn:
            try:
                self._end()
            finally:
                self._connection.close()

    def _open(self, seeds: int | list[int]) -> Any:
        config = {**self._config, "seeds": seeds}
        self._connection, view = opened(self._client, "open_vector", config)
        self._vector, self._seq = view["vector"], view["seq"]
        return view

    def _end(self) -> None:
        if self._vector is None:
            return
        told = self._change("close_vector")
        self._vector = None
        if not self._is_unused:
            self.episodes += [{**each, "summary": json.loads(each["summary"])} for each in told["episodes"]]

    def _change(self, op: str, **fields: Any) -> Any:
        with self._turn:
            if self._vector is None:
                raise SameseedError("rollout_over", "the environments are closed", "call reset()")
            try:
                answer, self._seq = self._connection.change(op, {"vector": self._vector, **fields}, self._seq)
            except SameseedError as error:
                self._seq = self._seq if error.number is None else error.number
                raise
            return answer

    def _seeds(self, seed: int | Sequence[int | None] | None) -> int | list[int]:
        """The first seed where they follow each other, else one for each of many episodes."""
        if seed is None or isinstance(seed, (int, np.integer)):
            if seed is None:
                return int(self.np_random.integers(_SEEDS))
            self._np_random_seed = as_seed(seed)
            self._np_random = np.random.default_rng(self._np_random_seed)
            return self._np_random_seed
        if len(seed) != self.num_envs:
            raise SameseedError("bad_argument", f"{len(seed)} seeds for {self.num_envs} environments")
        given = [None if each is None else as_seed(each) for each in seed]
        generator = np.random.default_rng([each or 0 for each in given])
        first = [int(generator.integers(_SEEDS)) if each is None else each for each in given]
        if first == list(range(first[0], first[0] + len(first))):
            return first[0]
        further = generator.integers(_SEEDS, size=_LISTED * self.num_envs)
        return first + [int(each) for each in further if int(each) not in set(first)]

    def _actions(self, actions: Any) -> Any:
        if isinstance(actions, np.ndarray):
            return np.ascontiguousarray(actions)
        return [as_action(action) for action in iterate(self.action_space, actions)]

    def _shown(self, view: Any, only: Sequence[int] | None = None) -> tuple[Any, dict[str, Any]]:
        infos: dict[str, Any] = {}
        for at, info in _alike(view["infos"]):
            if only is None or at in only:
                infos = self._add_info(infos, info, at)
        return self._batch(view["observations"]), infos

    def _batch(self, told: Any) -> Any:
        """One batch of all observations, which is the caller's own."""
        if isinstance(told, np.ndarray):
            return told if told.flags.writeable else told.copy()
        members = [as_member(self.single_observation_space, value) for value in told]
        empty = create_empty_array(self.single_observation_space, self.num_envs)
        joined: Any = concatenate(self.single_observation_space, members, empty)  # type: ignore[arg-type]
        return copy.deepcopy(joined)


def _alike(infos: Sequence[Any]) -> list[tuple[int, dict[str, Any]]]:
    """Infos whose numbers of one name have one type: a whole float comes as an integer, and the first decides an array's dtype."""
    floats = {name for _, info in infos for name, value in info.items() if type(value) is float}
    return [
        (at, {name: float(value) if name in floats and type(value) is int else value for name, value in info.items()})
        for at, info in infos
    ]
