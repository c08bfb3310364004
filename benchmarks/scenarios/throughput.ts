import { availableParallelism } from "node:os";

import { collectRollouts } from "../../src/rollout/collect-rollouts.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const coldRollout = (seed: number): string => `
import gymnasium
env = gymnasium.make("CartPole-v1")
env.action_space.seed(${seed})
env.reset(seed=${seed})
total, over = 0.0, False
while not over:
    _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
    total, over = total + reward, terminated or truncated
print(total)
`;

/** Rollouts per second of a batch, as a caller of the SDK sees it. */
async function warmRate(
  image: string,
  backend: "zygote" | "cold",
  count: number,
  concurrency: number,
): Promise<number> {
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const calledAt = performance.now();
  let done = 0;
  for await (const _ of collectRollouts({ envName: "CartPole-v1", image, backend, seeds, concurrency }))
    done++;
  return (done / (performance.now() - calledAt)) * 1000;
}

/** Rollouts per second where each starts bubblewrap, Python and gymnasium, all processors busy. */
export async function coldRate(image: string, count: number): Promise<number> {
  let next = 0;
  const calledAt = performance.now();
  const work = async (): Promise<void> => {
    while (next < count) await coldPython(image, coldRollout(next++));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return (count / (performance.now() - calledAt)) * 1000;
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const rounds = quick ? 1 : 5;
  const concurrency = 2 * availableParallelism();
  await warmRate(image, "zygote", 100, concurrency);
  const warm: number[] = [];
  const cold: number[] = [];
  const coldBackend: number[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`  round ${round + 1} of ${rounds}`);
    warm.push(await warmRate(image, "zygote", quick ? 500 : 2000, concurrency));
    cold.push(await coldRate(image, quick ? 10 : 30));
    coldBackend.push(await warmRate(image, "cold", quick ? 6 : 12, availableParallelism()));
  }
  return [
    { name: "CartPole rollouts, a sandbox each", value: median(warm), unit: "/s" },
    { name: "cold: bubblewrap + python + gymnasium each", value: median(cold), unit: "/s" },
    { name: "cold backend (same wall, own zygote each)", value: median(coldBackend), unit: "/s" },
    {
      name: "rollouts/s / cold rollouts/s",
      value: median(warm) / median(cold),
      unit: "x",
      reach: { least: 40 },
    },
  ];
}

/** How many complete, recorded rollouts a second. */
export const throughputScenario: Scenario = {
  name: "throughput",
  about:
    "CartPole rollouts a second, recorded and hashed, a sandbox each, on all processors, beside cold starts",
  run,
};
