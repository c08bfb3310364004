import { availableParallelism } from "node:os";

import { collectRollouts } from "../../src/rollout/collect-rollouts.ts";
import type { StartMode } from "../../src/rollout/rollout-config.ts";
import { findMujocoImage } from "../mujoco-image.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";
import { coldRate } from "./throughput.ts";

/** What is started, and how often in a round. */
interface Starts {
  readonly envName: string;
  readonly image: string;
  readonly maxSteps?: number;
  readonly count: number;
}

interface StartRates {
  readonly usual: readonly number[];
  readonly prepared: readonly number[];
  /** How the rollouts started that were to be prepared. */
  readonly became: StartMode;
}

/** Rollouts a second of one kind of start, and how they started. */
async function rate(
  { count, ...options }: Starts,
  start: StartMode,
): Promise<{ readonly perSecond: number; readonly became: StartMode }> {
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  let became: StartMode = "usual";
  const calledAt = performance.now();
  const concurrency = 2 * availableParallelism();
  for await (const { receipt } of collectRollouts({ ...options, seeds, start, concurrency }))
    became = receipt.start?.prepared === true ? "prepared" : "usual";
  return { perSecond: (count * 1000) / (performance.now() - calledAt), became };
}

/** Both kinds in turn, so that what else the machine does meets both. */
async function rates(starts: Starts, rounds: number, say: (line: string) => void): Promise<StartRates> {
  await rate({ ...starts, count: Math.min(starts.count, 40) }, "usual");
  const usual: number[] = [];
  const prepared: number[] = [];
  let became: StartMode = "usual";
  for (let round = 0; round < rounds; round++) {
    usual.push((await rate(starts, "usual")).perSecond);
    const other = await rate(starts, "prepared");
    prepared.push(other.perSecond);
    became = other.became;
    say(`  ${starts.envName}: ${usual.at(-1)!.toFixed(0)} and ${prepared.at(-1)!.toFixed(0)} rollouts/s`);
  }
  return { usual, prepared, became };
}

function ratioOf({ usual, prepared }: StartRates): number {
  return median(prepared.map((each, at) => each / usual[at]!));
}

/** Humanoid, in an image of this version that has it; one whose glfw starts a child process cannot be prepared. */
async function humanoid({ quick, say }: ScenarioContext): Promise<Figure[]> {
  const image = findMujocoImage(say);
  if (image === undefined) return [];
  const starts = { envName: "Humanoid-v5", image, maxSteps: 10, count: quick ? 20 : 100 };
  const measured = await rates(starts, quick ? 1 : 3, say);
  if (measured.became === "usual") say("  Humanoid cannot be prepared in this image: it started as usual");
  return [
    { name: "Humanoid, 10 steps, usual", value: median(measured.usual), unit: "/s" },
    { name: "Humanoid, 10 steps, prepared", value: median(measured.prepared), unit: "/s" },
    { name: "Humanoid: prepared / usual", value: ratioOf(measured), unit: "x", reach: { least: 4 } },
  ];
}

async function run(context: ScenarioContext): Promise<Figure[]> {
  const { image, quick, say } = context;
  const starts = { envName: "CartPole-v1", image, count: quick ? 200 : 1000 };
  const cartPole = await rates(starts, quick ? 1 : 5, say);
  const cold: number[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) cold.push(await coldRate(image, quick ? 10 : 30));
  const usual = median(cartPole.usual);
  const prepared = median(cartPole.prepared);
  return [
    { name: "CartPole, usual", value: usual, unit: "/s" },
    { name: "CartPole, prepared", value: prepared, unit: "/s" },
    { name: "cold: bubblewrap + python + gymnasium each", value: median(cold), unit: "/s" },
    { name: "CartPole: prepared / usual", value: ratioOf(cartPole), unit: "x", reach: { least: 1.5 } },
    { name: "CartPole: prepared / cold", value: prepared / median(cold), unit: "x", reach: { least: 30 } },
    ...(await humanoid(context)),
  ];
}

/** What it brings that the constructor has run before. */
export const preparedScenario: Scenario = {
  name: "prepared",
  about: "whole rollouts that start behind the environment's constructor, beside usual and cold starts",
  run,
};
