"""Environments of gym, which came before Gymnasium, behind Gymnasium's interface.

gym has changed it twice. Up to 0.21 an environment is seeded by `seed()`, `reset()` returns the observation alone, and
`step()` one flag for the end, with `info["TimeLimit.truncated"]` where a time limit set it. From 0.22 on `reset()` takes
the seed, and from 0.26 on all is as in Gymnasium. Packages mix them, so each environment is asked in the way it can
answer, whatever version is installed.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import sys
import warnings
from types import ModuleType

_NAME = "gym"
_CUT = "TimeLimit.truncated"


def import_gym() -> ModuleType | None:
    """gym, if the image has it; what it prints when it is imported (that it is unmaintained) is left out."""
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(_NAME)
    except ModuleNotFoundError as error:
        if error.name != _NAME:
            raise
        return None


def registered(gym: ModuleType) -> dict:
    """The environments that are registered, by their ids."""
    registry = gym.envs.registration.registry
    return getattr(registry, "env_specs", registry)


def make_former(gym: ModuleType, id: str, env_args: dict) -> object:
    """Makes a registered environment, without the checker that some versions put around it."""
    options = dict(env_args)
    if "disable_env_checker" in inspect.signature(gym.make).parameters:
        options["disable_env_checker"] = True
    with warnings.catch_warnings():
        # That the interface is deprecated helps nobody who cannot change the package.
        warnings.simplefilter("ignore", DeprecationWarning)
        made = gym.make(id, **options)
    if "apply_api_compatibility" in inspect.signature(gym.make).parameters and _is_older(made):
        # The wrappers of 0.26 fail at what it returns. The limit is the only one of them that says anything of an episode.
        return FormerGym(made.unwrapped, getattr(made.spec, "max_episode_steps", None))
    return adapted(made)


def adapted(env: object) -> object:
    """An environment of gym behind Gymnasium's interface; any other as it is."""
    gym = sys.modules.get(_NAME)
    kind = getattr(gym, "Env", None)
    return FormerGym(env) if isinstance(kind, type) and isinstance(env, kind) else env


class FormerGym:
    """An environment of gym as Gymnasium has it; `limit` cuts its episodes off after so many steps."""

    # Whether it was reset with a seed that it has no way to take.
    takes_no_seed = False

    def __init__(self, env: object, limit: int | None = None) -> None:
        self.env = env
        self._limit = limit
        self._steps = 0

    def __getattr__(self, name: str) -> object:
        # Only what is not found here; a copy has no `env` before it is filled.
        if name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)

    @property
    def unwrapped(self) -> object:
        return self.env.unwrapped

    @property
    def action_space(self) -> object:
        return self.env.action_space

    @property
    def observation_space(self) -> object:
        return self.env.observation_space

    def reset(self, *, seed: int | None = None) -> tuple[object, dict]:
        self._steps = 0
        if _takes_seed(self.env.unwrapped.reset):
            result = self.env.reset(seed=seed)
        else:
            if seed is not None:
                # 0.26 has no seed() any more, and packages that never had one of their own took that of gym.Env. Others
                # have one that takes nothing.
                take = getattr(self.env, "seed", None)
                # What is around it hands the seed on.
                inner = getattr(self.env.unwrapped, "seed", None)
                self.takes_no_seed = not (callable(take) and callable(inner) and _takes_argument(inner))
                if not self.takes_no_seed:
                    # Its generators are of 32 bits.
                    take(seed & 0xFFFFFFFF)
            result = self.env.reset()
        return result if self._has_info(result) else (result, {})

    def step(self, action: object) -> tuple:
        result = self.env.step(action)
        self._steps += 1
        late = self._limit is not None and self._steps >= self._limit
        if type(result) is not tuple or len(result) != 4:
            if late and type(result) is tuple and len(result) == 5:
                return (*result[:3], True, result[4])
            return result
        observation, reward, done, info = result
        cut = bool(info.get(_CUT, False)) if isinstance(info, dict) else False
        return observation, reward, bool(done) and not cut, (bool(done) and cut) or (late and not done), info

    def close(self) -> None:
        self.env.close()

    def _has_info(self, result: object) -> bool:
        if type(result) is not tuple or len(result) != 2 or not isinstance(result[1], dict):
            return False
        try:
            # A pair that is an observation itself.
            return not self.env.observation_space.contains(result)
        except Exception:
            return True


def _is_older(env: object) -> bool:
    """Whether an environment has an interface from before 0.26, whatever is around it."""
    inner = getattr(env, "unwrapped", None)
    return inner is not None and not _takes_seed(inner.reset)


def _takes_argument(seed: object) -> bool:
    try:
        return len(inspect.signature(seed).parameters) > 0
    except (TypeError, ValueError):
        return True


def _takes_seed(reset: object) -> bool:
    try:
        parameters = inspect.signature(reset).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(each.name == "seed" or each.kind is each.VAR_KEYWORD for each in parameters)
