"""CartPole with the package as its users write it: a sandbox for each seed, and the same seed gives the same trajectory."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tensorlake.sandbox import Sandbox


@dataclass
class RolloutConfig:
    seed: int
    env_name: str = "CartPole-v1"
    max_steps: int = 200


@dataclass
class RolloutResult:
    seed: int
    total_reward: float
    steps: int
    trajectory: list


def harness(config: RolloutConfig) -> str:
    return f"""
import gymnasium, json
env = gymnasium.make({config.env_name!r})
observation, _ = env.reset(seed={config.seed})
env.action_space.seed({config.seed})
trajectory = []
for _ in range({config.max_steps}):
    action = env.action_space.sample()
    observation, reward, terminated, truncated, _ = env.step(action)
    trajectory.append((observation.tolist(), int(action), float(reward)))
    if terminated or truncated:
        break
total = sum(reward for _, _, reward in trajectory)
print(json.dumps(dict(total_reward=total, steps=len(trajectory), trajectory=trajectory)))
"""


def rollout(config: RolloutConfig) -> RolloutResult:
    sandbox = Sandbox.create()
    try:
        result = sandbox.run("python", ["-c", harness(config)])
        if result.exit_code != 0:
            raise RuntimeError(result.stderr)
        return RolloutResult(seed=config.seed, **json.loads(result.stdout))
    finally:
        sandbox.terminate()


def collect_parallel_rollouts(seeds: list[int]) -> list[RolloutResult]:
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda seed: rollout(RolloutConfig(seed)), seeds))


first = collect_parallel_rollouts([42, 43, 44])
again = collect_parallel_rollouts([42, 43, 44])
assert first == again, "the same seeds gave other trajectories"
assert len({json.dumps(one.trajectory) for one in first}) == 3
assert all(one.total_reward == one.steps > 5 for one in first)
print(json.dumps([one.steps for one in first]))
