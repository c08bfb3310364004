"""Whole rollouts: equal to plain Gymnasium, equal to themselves, and the bytes as the format page says."""

import math
import os
import random
import socket
import subprocess
import sys
import time
import unittest
from hashlib import sha256

import gymnasium as gym
import numpy as np
from sameseed.recording.canonical import encode
from sameseed.recording.frames import HostStream
from sameseed.warm import warm
from support import HERE, file_env, fixture, parse, play

ENVIRONMENTS = [
    ("Acrobot-v1", {}),
    ("CartPole-v0", {}),
    ("CartPole-v1", {}),
    ("CartPole-v1", {"sutton_barto_reward": True}),
    ("MountainCar-v0", {}),
    ("MountainCarContinuous-v0", {}),
    ("Pendulum-v1", {}),
    ("Blackjack-v1", {}),
    ("Blackjack-v1", {"natural": True}),
    ("CliffWalking-v1", {"is_slippery": True}),
    ("FrozenLake-v1", {}),
    ("FrozenLake8x8-v1", {}),
    ("Taxi-v4", {}),
]


def plain(name: str, env_args: dict, seed: int, limit: int):
    """The episode as anybody would play it with Gymnasium alone."""
    random.seed(seed)
    np.random.seed(seed)
    env = gym.make(name, **env_args)
    env.action_space.seed(seed)
    env.observation_space.seed(seed)
    yield None, *env.reset(seed=seed)
    for _ in range(limit):
        action = env.action_space.sample()
        observation, reward, terminated, truncated, info = env.step(action)
        yield action, observation, reward, bool(terminated), bool(truncated), info
        if terminated or truncated:
            return


class PlainGymnasium(unittest.TestCase):
    def test_every_environment_is_covered(self):
        known = {
            name
            for name, spec in gym.registry.items()
            if str(spec.entry_point).startswith(("gymnasium.envs.classic_control", "gymnasium.envs.toy_text"))
        }
        playable = set()
        for name in known:
            try:
                gym.make(name)
                playable.add(name)
            except gym.error.DeprecatedEnv:
                pass
        self.assertLessEqual(playable - {name for name, _ in ENVIRONMENTS}, {"CliffWalkingSlippery-v1"})

    def test_observations_actions_and_rewards_are_the_same(self):
        for name, env_args in [*ENVIRONMENTS, ("CliffWalkingSlippery-v1", {})]:
            if name not in gym.registry:
                continue
            for seed in (0, 42):
                with self.subTest(name, seed=seed):
                    rollout = play(name, seed=seed, env_args=env_args, max_steps=60)
                    expected = list(plain(name, env_args, seed, 60))
                    self.assertEqual(len(rollout.records), len(expected) + 1)
                    for record, step in zip(rollout.records, expected):
                        self.assertEqual(encode(record["observation"]), encode(step[1]))
                        if step[0] is None:
                            self.assertEqual(encode(record["info"]), encode(step[2]))
                            continue
                        self.assertEqual(encode(record["action"]), encode(step[0]))
                        self.assertEqual(encode(record["reward"]), encode(step[2]))
                        self.assertEqual((bool(record["terminated"]), bool(record["truncated"])), step[3:5])
                        self.assertEqual(encode(record["info"]), encode(step[5]))
                    total = 0.0
                    for step in expected[1:]:
                        total += float(step[2])
                    self.assertEqual(rollout.end["totalReward"], total)

    def test_seeds_of_every_size(self):
        for seed in (0, 2**32 - 1, 2**32, 2**53 - 1):
            first, second = play("CartPole-v1", seed=seed), play("CartPole-v1", seed=seed)
            self.assertEqual(first.raw, second.raw)
            self.assertEqual(first.end["outcome"], "terminated")
        self.assertNotEqual(play("CartPole-v1", seed=1).records[0], play("CartPole-v1", seed=2).records[0])


class Format(unittest.TestCase):
    def test_volatile_info_is_left_out_and_listed(self):
        declared = ("episode.t", "a.b", "missing", "kept.deeper")
        rollout = play(file_env("Clocked"), {"kind": "actions", "actions": [0]}, volatile_info=declared)
        self.assertEqual(rollout.steps[0]["info"], {"kept": 1, "episode": {"l": 0}})
        (volatile,) = rollout.volatile
        self.assertEqual((volatile["k"], set(volatile["info"])), (1, {"episode.t", "a.b"}))
        self.assertEqual(volatile["info"]["a.b"].type_name, "envs.Owner")
        self.assertEqual(rollout.end["volatile"], ["a.b", "episode.t"])

    def test_the_order_digest_is_the_one_specified(self):
        empty = sha256(b"sameseed/order/1\0")
        self.assertEqual(play("CartPole-v1").end["orderDigest"], empty.digest())
        digest = empty
        rollout = play(file_env("NotGymnasium"), {"kind": "actions", "actions": []})
        digest.update(bytes(8) + encode(["b", "a"]))
        self.assertEqual(rollout.end["orderDigest"], digest.digest())
        self.assertEqual(list(rollout.records[0]["info"]), ["a", "b"])

    def test_rich_observations(self):
        rollout = play(file_env("Rich"))
        self.assertEqual(rollout.records[1]["observation"]["zeta"], (1, "text"))
        self.assertEqual(rollout.end["outcome"], "terminated")

    def test_the_stream_writes_after_so_many_frames_or_bytes_and_at_no_other_time(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            stream = HostStream(theirs.fileno())
            written = []
            for number in range(1, 200):
                stream.send(1, b"a")
                try:
                    written.append((number, len(ours.recv(1 << 12)) // 6))
                except BlockingIOError:
                    pass
                if number == 7:
                    time.sleep(0.1)
            self.assertEqual(written, [(4, 4), (16, 12), (64, 48), (128, 64), (192, 64)])
            stream.send(2, bytes(1 << 16))
            self.assertEqual(len(ours.recv(1 << 20)), 7 * 6 + 5 + (1 << 16))


class WithoutNumpy(unittest.TestCase):
    def test_plain_python_plays_the_same_bytes(self):
        """A plain Python image, stood in for by an interpreter without its site-packages."""
        script = """
import sys
from sameseed.play.referee import run
from sameseed.warm import warm
warm()
assert "numpy" not in sys.modules
run(seeds=[3], environment={"kind": "file", "path": sys.argv[1], "class": "Walk"}, env_args={},
    seats=[{"seat": "agent", "kind": "actions", "actions": [1, -1] * 50}], fd=1)
"""
        command = [sys.executable, "-S", "-c", script, fixture("plain.py")]
        environment = {"PYTHONPATH": os.path.join(HERE, "..")}
        raw = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True).stdout
        alone = parse(raw)
        self.assertEqual(alone.end["outcome"], "terminated")
        self.assertEqual(alone.end["seeded"], ["random", "env"])
        beside = play(file_env("Walk", "plain.py"), {"kind": "actions", "actions": [1, -1] * 50}, seed=3)
        for record in beside.records:
            record["hidden"].pop("numpy", None)
        self.assertEqual(alone.records, beside.records)


class Warming(unittest.TestCase):
    def test_it_leaves_nothing_open_and_changes_no_rollout(self):
        before = play("CartPole-v1").raw

        def check() -> None:
            fds = sorted(int(name) for name in os.listdir("/proc/self/fd"))
            warm()
            now = sorted(int(name) for name in os.listdir("/proc/self/fd"))
            assert now == fds, (fds, now)
            assert len(os.listdir("/proc/self/task")) == 1

        self.assertEqual(play("CartPole-v1", before=check).raw, before)
        self.assertTrue(math.isfinite(play("CartPole-v1", before=warm).end["totalReward"]))


if __name__ == "__main__":
    unittest.main()
