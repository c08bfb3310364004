"""Environments for TRL's `environment_factory`."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .client import Client
from .errors import SameseedError
from .rollout import Rollout


def environment_factory(
    env: str | dict[str, Any],
    *,
    seed_column: str = "seed",
    describe: Callable[[Any, dict[str, Any]], str] | None = None,
    client: Client | None = None,
    **options: Any,
) -> type[Any]:
    """A class for `GRPOTrainer(environment_factory=…)`, whose one tool, `step`, takes an action of `env`.

    Every reset is a fresh sandbox, though the trainer uses its instances again. A row's `seed_column` is the episode's seed;
    without one it follows from the row, so that the members of a group, which have one row, begin in one state. `describe` makes the
    text that the model sees of an observation and its info.
    """
    show = describe or _describe

    class SameseedEnvironment:
        """An environment whose every episode runs in a fresh sandbox."""

        def __init__(self) -> None:
            self._rollout: Rollout | None = None
            self._total = 0.0

        def reset(self, **row: Any) -> str:
            """Begins an episode."""
            self._close()
            self._total = 0.0
            self._rollout = Rollout(env, _seed_of(row, seed_column), client=client, **options)
            return show(self._rollout.observation, self._rollout.info)

        def step(self, action: int) -> str:
            """
            Take one action in the environment.

            Args:
                action: The number of the action.

            Returns:
                What is seen after it.
            """
            rollout = self._rollout
            if rollout is None or rollout.is_over:
                raise ValueError("The episode is over.")
            told = rollout.step(int(action))
            self._total += told.reward
            return show(told.observation, told.info) + (" The episode is over." if rollout.is_over else "")

        def get_reward(self) -> float | None:
            """The sum of the rewards; None, which the trainer leaves out, where no episode has begun or rewards are several numbers."""
            return None if self._rollout is None or math.isnan(self._total) else self._total

        def _close(self) -> None:
            rollout, self._rollout = self._rollout, None
            if rollout is None:
                return
            try:
                rollout.close()
            except SameseedError as error:
                # It is gone with its lease; the episode that begins has another.
                if error.code != "lease_ended":
                    raise

    return SameseedEnvironment


def _seed_of(row: dict[str, Any], column: str) -> int:
    if row.get(column) is not None:
        return int(row[column])
    # The same row in every process and on every machine.
    return zlib.crc32(json.dumps(row, sort_keys=True, default=str).encode())


def _describe(observation: Any, info: dict[str, Any]) -> str:
    told = observation.tolist() if isinstance(observation, (np.ndarray, np.generic)) else observation
    return json.dumps(told, default=str)
