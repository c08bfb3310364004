import type { WorldMode } from "../src/model/receipt.ts";
import { runRollout } from "../src/rollout/collect-rollouts.ts";
import type { RolloutConfig } from "../src/rollout/rollout-config.ts";
import { median } from "./quantiles.ts";
import type { Figure } from "./scenario.ts";

const worlds: readonly WorldMode[] = ["host", "sealed"];

/** ms of a rollout in each world, taken in turns so that both see the same machine. */
async function rolloutMs(
  config: RolloutConfig,
  rounds: number,
): Promise<Readonly<Record<WorldMode, number>>> {
  const taken: Record<WorldMode, number[]> = { host: [], sealed: [] };
  for (let round = -5; round < rounds; round++) {
    for (const world of round % 2 === 0 ? worlds : worlds.toReversed()) {
      const { timings, error } = await runRollout({ ...config, seed: 1000 + round, world });
      if (error !== undefined) throw new Error(`the rollout failed: ${error.message}`);
      if (round >= 0) taken[world].push(timings.totalMs);
    }
  }
  return { host: median(taken.host), sealed: median(taken.sealed) };
}

/** A rollout in the host's world, in the sealed one, and what the seal costs. */
export async function figuresOfBoth(
  name: string,
  config: RolloutConfig,
  rounds: number,
  reach?: NonNullable<Figure["reach"]>,
): Promise<Figure[]> {
  const { host, sealed } = await rolloutMs(config, rounds);
  const ratio = { name: `${name}, sealed / host`, value: sealed / host, unit: "x" };
  return [
    { name: `${name} rollout, host's world`, value: host, unit: "ms" },
    { name: `${name} rollout, sealed`, value: sealed, unit: "ms" },
    reach === undefined ? ratio : { ...ratio, reach },
  ];
}
