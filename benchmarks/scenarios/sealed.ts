import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defaultLimits } from "../../src/model/limits.ts";
import type { WorldMode } from "../../src/model/receipt.ts";
import type { RolloutConfig } from "../../src/rollout/rollout-config.ts";
import { sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import { figuresOfBoth } from "../both-worlds.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** Products, transforms and draws in every step, as a simulation has them. */
const numpyHeavy = `
import gymnasium as gym
import numpy as np

class Heavy(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-np.inf, np.inf, (8,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        self.state = self.np_random.standard_normal((96, 96)) / 10
        return self.state[0, :8].copy(), {}

    def step(self, action):
        self.count += 1
        noise = self.np_random.standard_normal((96, 96))
        self.state = np.tanh(self.state @ noise / 10) + np.exp(-np.abs(np.fft.rfft(noise)[:, :1].real)) / 100
        return self.state[0, :8].copy(), float(self.state.sum()), self.count == 200, False, {}
`;

/** ns that one `time.time()` takes from Python, by the wall time of a script that reads very often. */
async function clockReadNs(image: string, world: WorldMode, rounds: number): Promise<number> {
  const reads = 2_000_000;
  const backend = sharedBackend(image, "zygote", world);
  const wallMs = async (count: number): Promise<number> => {
    const source = `
import collections, itertools, time
collections.deque(itertools.starmap(time.time, itertools.repeat((), ${count})), maxlen=0)
`;
    const job = { entry: "script", name: "reads.py", source, files: [], env: {} } as const;
    const [running] = await backend.start({
      members: [{ job, limits: defaultLimits }],
      links: [],
      onOutput: () => {},
    });
    const end = await running!.ended;
    if (end.exitCode !== 0) throw new Error(`the reader ended with ${end.exitCode}`);
    return end.wallMs;
  };
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++)
    samples.push((((await wallMs(reads)) - (await wallMs(1))) / reads) * 1e6);
  return median(samples);
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-bench-"));
  try {
    writeFileSync(join(folder, "heavy.py"), numpyHeavy);
    const seed = 0;
    const rounds = quick ? 20 : 150;
    const configs: readonly (readonly [string, RolloutConfig])[] = [
      ["CartPole", { envName: "CartPole-v1", image, seed }],
      ["FrozenLake", { envName: "FrozenLake-v1", image, seed }],
      ["numpy-heavy", { envName: `${folder}/heavy.py:Heavy`, image, seed }],
    ];
    const figures: Figure[] = [];
    for (const [name, config] of configs) {
      say(`  ${name}`);
      figures.push(...(await figuresOfBoth(name, config, rounds, { most: 1.05 })));
    }
    say("  clock reads");
    const native = await clockReadNs(image, "host", quick ? 2 : 7);
    const sealed = await clockReadNs(image, "sealed", quick ? 2 : 7);
    figures.push({ name: "time.time() from Python, host's world", value: native, unit: "ns" });
    figures.push({ name: "time.time() from Python, sealed", value: sealed, unit: "ns" });
    figures.push({
      name: "clock read, sealed / host",
      value: sealed / native,
      unit: "x",
      reach: { most: 1 },
    });
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the sealed world costs over the host's. */
export const sealedScenario: Scenario = {
  name: "sealed",
  about: "a rollout and a clock read in the sealed world, beside the same in the host's",
  run,
};
