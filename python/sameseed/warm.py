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
import random
import socket
import sys

from .play import builtin_policies, game_referee, referee

from .policy import policy_host, seat_host
from .recording.canonical import encode
from .recording.frames import ACTION, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link

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
    _play_game()
    _play_game_against_link()
    _answer_game()
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


def _play_game() -> None:
    """A game of every built-in policy; the best moves of all boards are found once and kept."""
    builtin_policies.choose_minimax([None] * 9, "X", [], random.Random(_SEED))
    for names in (("random", "greedy"), ("minimax", "random")):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            seats = [{"seat": seat, "kind": "builtin", "name": name} for seat, name in zip("XO", names)]
            ref = {"kind": "game", "id": "tictactoe"}
            game_referee.play(seeds=[_SEED], environment=ref, env_args={}, seats=seats, fd=theirs.fileno())
            ours.recv(1 << 16)


def _play_game_against_link() -> None:
    pairs = [socket.socketpair() for _ in "XO"]
    for turn, (seat, (ours, _)) in enumerate(zip("XO", pairs)):
        nonce = hashlib.sha256(f"sameseed/link/1\0{_SEED}\0{seat}".encode()).digest()[:8]
        policy = Link(ours.fileno(), MAX_TO_POLICY, MAX_TO_REFEREE, nonce)
        policy.send(READY, 0, encode({}))
        for asked, cell in enumerate(range(turn, 7, 2)):
            policy.send(ACTION, asked + 1, encode(cell))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        seats = [
            {"seat": seat, "kind": "remote", "fd": end.detach(), "wall_ms": 1000} for seat, (_, end) in zip("XO", pairs)
        ]
        ref = {"kind": "game", "id": "tictactoe"}
        game_referee.play(seeds=[_SEED], environment=ref, env_args={}, seats=seats, fd=theirs.fileno())
        ours.recv(1 << 16)
    for link, _ in pairs:
        link.close()


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


def _answer_game() -> None:
    ours, theirs = socket.socketpair()
    board = {"board": [None] * 9, "player": "X"}
    with ours:
        link = Link(ours.fileno(), MAX_TO_REFEREE, MAX_TO_POLICY, bytes(8))
        link.send(HELLO, 0, encode({"format": 1}))
        for step in range(_STEPS):
            link.send(STEP, step + 1, encode({"info": {"agent": "X"}, "observation": board}))
        ours.shutdown(socket.SHUT_WR)
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{_POLICY}.py")
        seat_host.serve(seed=_SEED, fd=theirs.detach(), path=path, seat="X", mode="keep", move_us=0)
    sys.modules.pop(_POLICY, None)
