"""The Python client of Sameseed: reproducible rollouts and sandboxes, of a server on this machine or another.

    import sameseed

    env = sameseed.make("CartPole-v1")  # a gymnasium.Env
    envs = sameseed.make_vec("CartPole-v1", num_envs=8)  # a gymnasium.vector.VectorEnv

The server is the one at `SAMESEED_URL` (with the token of `SAMESEED_TOKEN_FILE`), else one that is started for this process.
Where gymnasium is installed, its own environments are also `gymnasium.make("sameseed/CartPole-v1")`, and
`gymnasium.make_vec("sameseed/CartPole-v1", 8, vectorization_mode="vector_entry_point")`.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .aio import AsyncClient as AsyncClient
    from .aio import AsyncRollout as AsyncRollout
    from .aio import AsyncRun as AsyncRun
    from .aio import AsyncSandbox as AsyncSandbox
    from .client import Client as Client
    from .client import default_client as default_client
    from .env import SameseedEnv as SameseedEnv
    from .env import make as make
    from .errors import SameseedError as SameseedError
    from .local_server import Server as Server
    from .rewards import score as score
    from .rewards import trl_reward as trl_reward
    from .rewards import verl_reward as verl_reward
    from .rollout import Rollout as Rollout
    from .runs import Run as Run
    from .runs import collect_rollouts as collect_rollouts
    from .runs import verify as verify
    from .sandbox import CommandResult as CommandResult
    from .sandbox import Sandbox as Sandbox
    from .trl_environment import environment_factory as environment_factory
    from .vector import SameseedVectorEnv as SameseedVectorEnv
    from .vector import make_vec as make_vec

__version__ = "0.1.0"

_homes = {
    "AsyncClient": "aio",
    "AsyncRollout": "aio",
    "AsyncRun": "aio",
    "AsyncSandbox": "aio",
    "Client": "client",
    "CommandResult": "sandbox",
    "Rollout": "rollout",
    "Run": "runs",
    "SameseedEnv": "env",
    "SameseedError": "errors",
    "SameseedVectorEnv": "vector",
    "Sandbox": "sandbox",
    "Server": "local_server",
    "collect_rollouts": "runs",
    "default_client": "client",
    "environment_factory": "trl_environment",
    "make": "env",
    "make_vec": "vector",
    "score": "rewards",
    "trl_reward": "rewards",
    "verify": "runs",
    "verl_reward": "rewards",
}

__all__ = sorted(_homes)


def __getattr__(name: str) -> object:
    if name not in _homes:
        raise AttributeError(f"module 'sameseed' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_homes[name]}", __name__), name)


if importlib.util.find_spec("gymnasium") is not None:
    from .registration import register_builtin

    register_builtin()


def __dir__() -> list[str]:
    return sorted([*globals(), *_homes])
