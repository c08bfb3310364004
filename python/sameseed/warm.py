"""Warms an interpreter by doing: what a zygote runs once before it waits to be copied.

Importing alone leaves milliseconds of lazy work to every copy (caches to fill, code to specialise), so whole
throwaway episodes go through the very path that rollouts take, with a policy in memory on the other side of a link.
Everything opened here is closed again, and no thread remains.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import importlib
import json
import os
import socket
import sys

from . import policy_host, referee
from .canonical import encode
from .frames import ACTION, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link

_MODULES = (
    "gymnasium.envs.classic_control.acrobot",
    "gymnasium.envs.classic_control.cartpole",
    "gymnasium.envs.classic_control.continuous_mountain_car",
    "gymnasium.envs.classic_control.mountain_car",
    "gymnasium.envs.classic_control.pendulum",
    "gymnasium.envs.toy_text.blackjack",
    "gymnasium.envs.toy_text.cliffwalking",
    "gymnasium.envs.toy_text.frozen_lake",
    "gymnasium.envs.toy_text.taxi",
)
_SEED = 1
_STEPS = 12
_POLICY = "warm_policy"


def warm() -> None:
    """Imports what rollouts use and plays throwaway episodes; an image without gymnasium does without them."""
    for name in _MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    if "gymnasium" in sys.modules:
        recorded = base64.b64encode(encode([0, 1, 0])).decode()
        _play("CartPole-v1", {"kind": "random"})
        _play("FrozenLake-v1", {"kind": "random"})
        _play("CartPole-v1", {"kind": "actions", "actions": [0, 1, 0]})
        _play("CartPole-v1", {"kind": "replay", "of": "random", "actions": recorded})
        _play_against_link()
    _answer_link()
    json.loads(json.dumps({"warm": [1, 2.5, None, True]}))
    hashlib.sha256(b"warm").hexdigest()
    gc.collect()


def _play(name: str, policy: dict) -> None:
    # Small enough to stay in the socket's buffer, so that nobody has to read meanwhile.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environment = {"kind": "gymnasium", "id": name}
        referee.run(
            seed=_SEED, environment=environment, env_args={}, policy=policy, max_steps=_STEPS, fd=theirs.fileno()
        )
        ours.recv(1 << 16)


def _play_against_link() -> None:
    ours, theirs = socket.socketpair()
    nonce = hashlib.sha256(b"sameseed/link/1\0" + str(_SEED).encode()).digest()[:8]
    with ours:
        policy = Link(ours.fileno(), MAX_TO_POLICY, MAX_TO_REFEREE, nonce)
        policy.send(READY, 0, encode({}))
        # A link is read strictly in sequence, so the answers may lie there before the questions.
        for step in range(_STEPS):
            policy.send(ACTION, step + 1, encode(step % 2))
        _play("CartPole-v1", {"kind": "remote", "fd": theirs.detach()})


def _answer_link() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        link = Link(ours.fileno(), MAX_TO_REFEREE, MAX_TO_POLICY, bytes(8))
        link.send(HELLO, 0, encode({"format": 1}))
        for step in range(_STEPS):
            link.send(STEP, step + 1, encode([0.0, 1.0]))
        ours.shutdown(socket.SHUT_WR)
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{_POLICY}.py")
        policy_host.serve(seed=_SEED, fd=theirs.detach(), path=path)
    sys.modules.pop(_POLICY, None)
