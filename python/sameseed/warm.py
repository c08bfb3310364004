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

from .judge import solution_link, suite  # noqa: F401 - warm for the oracle
from .play import builtin_environments, former_gym, referee, shipped_environments
from .play.host_answers import ACTION as HOST_ACTION
from .policy import seat_host
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
_AGENT = "agent"


def warm() -> None:
    """Imports what rollouts use and plays throwaway episodes; an image without gymnasium does without them."""
    for name in _MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    if "gymnasium" not in sys.modules:
        former_gym.import_gym()
    if "gymnasium" in sys.modules:
        for name in ("CartPole-v1", "FrozenLake-v1"):
            _play({"kind": "gymnasium", "id": name}, [_builtin(_AGENT, "random")])
        cart = {"kind": "gymnasium", "id": "CartPole-v1"}
        _play(cart, [{"seat": _AGENT, "kind": "actions", "actions": [0, 1, 0]}])
        _play(cart, [_builtin(_AGENT, "random")], replay={"actions": base64.b64encode(encode([0, 1, 0])).decode()})
        _play_with_caller(cart, [step % 2 for step in range(_STEPS)])
        _play_against_links(cart, {_AGENT: [step % 2 for step in range(_STEPS)]})
    _answer([0.0, 1.0], {}, _AGENT)
    for name in shipped_environments.known():
        _play({"kind": "gymnasium", "id": name}, [{"seat": _AGENT, "kind": "actions", "actions": ["", "1", "print(1)", "1/0"]}])
    for name in builtin_environments.known():
        _warm_builtin(name)
    json.loads(json.dumps({"warm": [1, 2.5, None, True]}))
    hashlib.sha256(b"warm").hexdigest()
    gc.collect()


def _warm_builtin(name: str) -> None:
    """Plays a built-in environment with each of its policies, and with policies behind links."""
    module = builtin_environments.load(name)
    if hasattr(module, "warm"):
        module.warm()
    names = module.GAME["seats"]
    ref = {"kind": "builtin", "id": name}
    for policy in ("random", *module.POLICIES):
        seats = [_builtin(names[0], policy), *(_builtin(other, "random") for other in names[1:])]
        _play(ref, seats)
    env = module.Environment()
    seen = env.observe(names[0])
    answers: dict[str, list] = {seat: [] for seat in names}
    while len(answers[names[0]]) < _STEPS and not all(env.terminations.values()):
        action = env.legal_actions()[0]
        answers[env.agent_selection].append(action)
        env.step(action)
    _play_against_links(ref, answers)
    _answer(seen, {"agent": names[0]}, names[0])


def _builtin(seat: str, name: str) -> dict:
    return {"seat": seat, "kind": "builtin", "name": name}


def _play(environment: dict, seats: list[dict], replay: dict | None = None) -> None:
    # Few enough steps to stay in the socket's buffer, so that nobody has to read meanwhile.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        referee.run(
            seeds=[_SEED],
            environment=environment,
            env_args={},
            seats=seats,
            max_steps=_STEPS,
            replay=replay,
            fd=theirs.fileno(),
        )
        ours.recv(1 << 16)


def _play_against_links(environment: dict, answers: dict[str, list]) -> None:
    near, seats = [], []
    for seat, actions in answers.items():
        ours, theirs = socket.socketpair()
        nonce = hashlib.sha256(f"sameseed/link/1\0{_SEED}\0{seat}".encode()).digest()[:8]
        policy = Link(ours.fileno(), MAX_TO_POLICY, MAX_TO_REFEREE, nonce)
        policy.send(READY, 0, encode({}))
        # A link is read strictly in sequence, so the answers may lie there before the questions.
        for number, action in enumerate(actions, 1):
            policy.send(ACTION, number, encode(action))
        near.append(ours)
        seats.append({"seat": seat, "kind": "remote", "fd": theirs.detach(), "answer_ms": None, "wall_ms": 1000})
    _play(environment, seats)
    for end in near:
        end.close()


def _play_with_caller(environment: dict, actions: list) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # The answers may lie there before the questions.
        for action in map(encode, actions):
            ours.send(len(action).to_bytes(4, "little") + bytes((HOST_ACTION,)) + action)
        seats = [{"seat": _AGENT, "kind": "caller"}]
        fd = theirs.fileno()
        referee.run(seeds=[_SEED], environment=environment, env_args={}, seats=seats, max_steps=_STEPS, fd=fd)
        ours.recv(1 << 16)


def _answer(observation: object, info: dict, seat: str) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        link = Link(ours.fileno(), MAX_TO_REFEREE, MAX_TO_POLICY, bytes(8))
        link.send(HELLO, 0, encode({"format": 2}))
        for step in range(_STEPS):
            link.send(STEP, step + 1, encode({"info": info, "observation": observation}))
        ours.shutdown(socket.SHUT_WR)
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{_POLICY}.py")
        seat_host.serve(seed=_SEED, fd=theirs.detach(), path=path, seat=seat, mode="keep", move_us=0)
    sys.modules.pop(_POLICY, None)
