"""How everything that is drawn in a rollout follows from its one seed. `src/harness/seeds.ts` is the host's half.

- The environment is reset with the rollout's seed itself, and so are the process's generators (`random`,
  `numpy.random`) and, in an environment with one agent, both spaces: what a plain Gymnasium program does.
- Each seat draws from a stream of its own, seeded with `role_seed(seat, seed)`; so does the action space of each agent
  that takes turns, with the first 53 bits of `role_seed("action_space/" + agent, seed)`.
- A policy in a sandbox of its own gets its seat's seed and never the rollout's.

docs/seeds.md has the whole table.
"""

from __future__ import annotations

import random
from hashlib import sha256

from ..world import poison

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_ROLE_BITS = 128
_SEED_BITS = 53


def role_seed(role: str, seed: int) -> int:
    """128 bits for one role of a rollout: what they seed has nothing in common with any other role's."""
    return int.from_bytes(sha256(f"sameseed/role/1\0{role}\0{seed}".encode()).digest()[: _ROLE_BITS // 8], "big")


def agent_space_seed(agent: str, seed: int) -> int:
    """The seed of the action space of an agent that takes turns with others, of as many bits as a rollout's."""
    return role_seed(f"action_space/{agent}", seed) >> (_ROLE_BITS - _SEED_BITS)


def reseed_key(role: str, seed: int, step: int, reseed: int) -> bytes:
    """32 bytes for one role of a rollout whose state was re-keyed at a step: what follows from them is no other role's."""
    return sha256(f"sameseed/reseed/1\0{role}\0{seed}\0{step}\0{reseed}".encode()).digest()


def move_seed(seed: int, move: int) -> int:
    """The seed of one move of a policy that is started anew for each.

    With one seed for all of them, a policy that draws once a move would draw the same each time.
    """
    return int.from_bytes(sha256(f"sameseed/move/1\0{move}\0{seed}".encode()).digest()[: _ROLE_BITS // 8], "big")


def seed_globals(seed: int) -> list[str]:
    """Seeds `random` and, where there is numpy, `numpy.random`; returns their names."""
    poison.lift()
    random.seed(seed)
    if np is None:
        return ["random"]
    if seed < 1 << 32:
        np.random.seed(seed)
    else:
        # The legacy generator takes 32-bit words, least significant first.
        words = []
        while seed:
            words.append(seed & 0xFFFFFFFF)
            seed >>= 32
        np.random.seed(words)
    return ["random", "numpy.random"]
