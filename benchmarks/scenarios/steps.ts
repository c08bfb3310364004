import { availableParallelism } from "node:os";

import { collectRollouts } from "../../src/rollout/collect-rollouts.ts";
import type { JsonValue } from "../../src/model/json.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const episodeSteps = 500;

/** A controller that keeps the pole up for 500 steps from most starts. */
const controller = "def act(observation, rng):\n    return int(3 * observation[2] + observation[3] > 0)\n";

/** Eight environments in processes of their own, stepped in lockstep with the same controller. */
const asyncVector = (seconds: number): string => `
import time
import gymnasium, numpy
if __name__ == "__main__":
    envs = gymnasium.vector.AsyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * 8)
    observation, _ = envs.reset(seed=1)
    steps, started = 0, None
    for turn in range(10**9):
        if turn == 200:
            steps, started = 0, time.perf_counter()
        action = (3 * observation[:, 2] + observation[:, 3] > 0).astype(numpy.int64)
        observation, *_ = envs.step(action)
        steps += 8
        if started is not None and turn % 100 == 0 and time.perf_counter() - started > ${seconds}:
            break
    print(steps / (time.perf_counter() - started))
    envs.close()
`;

/** Seeds whose controlled episode is 500 steps long, with its actions; found once, outside the measurement. */
async function longEpisodes(
  image: string,
  count: number,
): Promise<ReadonlyMap<number, readonly JsonValue[]>> {
  const found = new Map<number, readonly JsonValue[]>();
  const seeds = Array.from({ length: count * 2 }, (_, seed) => seed);
  for await (const rollout of collectRollouts({
    envName: "CartPole-v1",
    image,
    seeds,
    policy: { source: controller },
  })) {
    if (rollout.steps !== episodeSteps || found.size >= count) continue;
    found.set(
      rollout.seed,
      [...rollout.trajectory.steps()].flatMap((step) => ("action" in step ? [step.action] : [])),
    );
  }
  return found;
}

/** Steps per second of recorded 500-step episodes, a fresh sandbox each. */
async function recordedRate(
  image: string,
  episodes: ReadonlyMap<number, readonly JsonValue[]>,
  repeat: number,
): Promise<number> {
  const jobs = Array.from({ length: repeat }, () => [...episodes]).flat();
  const startedAt = performance.now();
  let steps = 0;
  const work = async (): Promise<void> => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      const [seed, actions] = job;
      for await (const rollout of collectRollouts({
        envName: "CartPole-v1",
        image,
        seeds: [seed],
        policy: { actions },
        concurrency: 1,
      })) {
        steps += rollout.steps;
      }
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));
  return (steps / (performance.now() - startedAt)) * 1000;
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const episodes = await longEpisodes(image, 40);
  if (episodes.size === 0) throw new Error("no seed gave a 500-step episode");
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    say(`  round ${round + 1}`);
    ours.push(await recordedRate(image, episodes, quick ? 2 : 8));
    theirs.push(Number((await coldPython(image, asyncVector(quick ? 2 : 5))).output));
  }
  return [
    { name: "steps/s, 500-step episodes, recorded, a sandbox each", value: median(ours), unit: "/s" },
    { name: "steps/s, AsyncVectorEnv, 8 environments, not recorded", value: median(theirs), unit: "/s" },
    { name: "ours / AsyncVectorEnv", value: median(ours) / median(theirs), unit: "x", reach: { least: 2 } },
  ];
}

/** How many steps a second in long episodes. */
export const stepsScenario: Scenario = {
  name: "steps",
  about:
    "CartPole steps a second in 500-step episodes, a fresh sandbox per episode, beside Gymnasium's AsyncVectorEnv",
  run,
};
