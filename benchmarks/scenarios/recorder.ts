import { RolloutRecording } from "../../src/trajectory/rollout-recording.ts";
import { recordRollouts } from "../../src/rollout/record-rollouts.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { framesOf, parseTrajectoryBlob } from "../../src/trajectory/trajectory-blob.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/**
 * Plays the same 500-step episode in one process twice over: as a bare loop, and through the referee with its recorder
 * writing to a pipe that nobody hashes. A cart that never falls, so that both play the same number of steps.
 */
const pairedLoops = (rounds: number): string => `
import os, sys, tempfile, time
sys.path.insert(0, "/opt/sameseed")
import gymnasium
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from gymnasium.wrappers import OrderEnforcing, TimeLimit
from sameseed.play.referee import run

source = '''
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
class Upright(CartPoleEnv):
    def step(self, action):
        observation, reward, _, truncated, info = super().step(action)
        self.state = self._start
        return observation, reward, False, truncated, info
    def reset(self, **options):
        result = super().reset(**options)
        self._start = self.state
        return result
'''
path = os.path.join(tempfile.mkdtemp(), "upright.py")
open(path, "w").write(source)
sys.path.insert(0, os.path.dirname(path))
from upright import Upright
steps = 500

def bare():
    env = Upright()
    env.action_space.seed(7)
    env.reset(seed=7)
    started = time.perf_counter()
    for _ in range(steps):
        env.step(env.action_space.sample())
    return time.perf_counter() - started

def recorded():
    sink = os.open("/dev/null", os.O_WRONLY)
    started = time.perf_counter()
    run(seeds=[7], environment={"kind": "file", "path": path, "class": "Upright"}, env_args={},
        seats=[{"seat": "agent", "kind": "builtin", "name": "random"}],
        max_steps=steps, volatile_info=[], fd=sink)
    elapsed = time.perf_counter() - started
    os.close(sink)
    return elapsed

def fixed():
    sink = os.open("/dev/null", os.O_WRONLY)
    started = time.perf_counter()
    run(seeds=[7], environment={"kind": "file", "path": path, "class": "Upright"}, env_args={},
        seats=[{"seat": "agent", "kind": "builtin", "name": "random"}],
        max_steps=1, volatile_info=[], fd=sink)
    elapsed = time.perf_counter() - started
    os.close(sink)
    return elapsed

for _ in range(${rounds}):
    print(bare() / steps * 1e6, (recorded() - fixed()) / (steps - 1) * 1e6)
`;

/** What the host spends on one recorded step: cutting frames, hashing fields and chain, keeping the bytes. */
async function hostCost(image: string, rounds: number): Promise<number> {
  const options = resolveOptions({ envName: "Pendulum-v1", image });
  for await (const { trajectory } of recordRollouts(options, [7], { concurrency: 1 })) {
    const blob = parseTrajectoryBlob(trajectory);
    const stream = Buffer.concat([...framesOf(blob)].map(({ bytes }) => bytes));
    const steps = 200;
    const samples: number[] = [];
    for (let round = -20; round < rounds; round++) {
      const startedAt = performance.now();
      const recording = new RolloutRecording(blob.manifest);
      for (let at = 0; at < stream.length; at += 16_384) recording.push(stream.subarray(at, at + 16_384));
      recording.digests();
      recording.blob();
      if (round >= 0) samples.push(((performance.now() - startedAt) / steps) * 1000);
    }
    return median(samples);
  }
  throw new Error("no rollout was recorded");
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const { output } = await coldPython(image, pairedLoops(quick ? 10 : 40));
  const pairs = output
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const bare = median(pairs.map(([each]) => each!));
  const added = median(pairs.map(([alone, recorded]) => recorded! - alone!));
  say("  host side");
  const host = await hostCost(image, quick ? 200 : 1000);
  return [
    { name: "bare loop, per step", value: bare, unit: "µs" },
    { name: "recorder in the sandbox, per step", value: added, unit: "µs" },
    { name: "host: frames, digests, chain, per step", value: host, unit: "µs" },
    { name: "recorder in all, per step", value: added + host, unit: "µs", reach: { most: 25 } },
  ];
}

/** What recording costs over just playing. */
export const recorderScenario: Scenario = {
  name: "recorder",
  about: "what recording and hashing adds to one CartPole step, over the bare loop in one process",
  run,
};
