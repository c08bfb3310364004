"""Makes Gymnasium's own environments available by its `make` and `make_vec`, as `sameseed/CartPole-v1`."""

from __future__ import annotations

from typing import Any

from gymnasium.envs.registration import register, registry


def register_builtin() -> None:
    """Registers each environment that Gymnasium itself has, once more, below `sameseed/`."""
    for spec in list(registry.values()):
        name = f"sameseed/{spec.id}"
        if spec.namespace is not None or spec.entry_point is None or name in registry:
            continue
        register(
            id=name,
            entry_point="sameseed.registration:_make",
            vector_entry_point="sameseed.registration:_make_vec",
            kwargs={"name": spec.id},
            # The server's own environment has its limit, and what checks it is there.
            disable_env_checker=True,
            order_enforce=False,
        )


def _make(name: str, **options: Any) -> Any:
    from .env import make

    return make(name, **options)


def _make_vec(name: str, num_envs: int = 1, **options: Any) -> Any:
    from .vector import make_vec

    return make_vec(name, num_envs, **options)
