"""Learns CartPole with a policy gradient in numpy, every episode in a fresh sandbox.

`python3 policy_gradient.py` takes a minute or two. The same seeds give the same policy, byte for byte.
"""

from __future__ import annotations

import argparse

import numpy as np

import sameseed


def learn(updates: int, num_envs: int, seed: int) -> tuple[np.ndarray, list[float]]:
    """REINFORCE with a baseline. Gives the weights and the mean length of each update's episodes."""
    generator = np.random.default_rng(seed)
    weights = np.zeros(4)
    lengths = []
    envs = sameseed.make_vec("CartPole-v1", num_envs, max_episode_steps=200)
    observations, _ = envs.reset(seed=seed)
    for _ in range(updates):
        gradients, returns = play(envs, observations, weights, generator)
        advantages = (returns - returns.mean()) / (returns.std() + 1e-8)
        weights += 0.2 * (advantages[:, None] * gradients).mean(axis=0)
        lengths.append(float(returns.mean()))
        observations, _ = envs.reset()
    envs.close()
    return weights, lengths


def play(
    envs: sameseed.SameseedVectorEnv, observations: np.ndarray, weights: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One episode of each environment: the gradients of what was done, and the returns."""
    running = np.ones(envs.num_envs, dtype=bool)
    gradients, returns = np.zeros((envs.num_envs, 4)), np.zeros(envs.num_envs)
    while running.any():
        right = 1 / (1 + np.exp(-observations @ weights))
        actions = (generator.random(envs.num_envs) < right).astype(np.int64)
        gradients += (running * (actions - right))[:, None] * observations
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        # An environment that is done goes on with another episode, which is not counted.
        returns += running * rewards
        running &= ~(terminated | truncated)
    return gradients, returns


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--envs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    learned, history = learn(given.updates, given.envs, given.seed)
    for at, length in enumerate(history):
        print(f"update {at:3}: mean length {length:6.1f}")
    print("weights", learned.tolist())
