// Branching: from one state of a rollout into many futures. Run it with `node examples/branching.ts`.
// Outside this repository the import is `from "sameseed"`.
//
// 1. Which action loses? From each of the last states of a lost CartPole episode, both actions are tried.
// 2. What is a state worth? The mean return of 100 futures, re-keyed by 1 to 100, as VinePPO estimates values.
// 3. A tiny tree search: look a few steps ahead on branches before each step, and beat greedy.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { branchRun, NdArray, openRollout, recordRun, type OpenRollout } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-branching-"));

/** Pushes against the way the pole leans: what a beginner does. */
function lean(observation: unknown): number {
  if (!(observation instanceof NdArray)) throw new TypeError("CartPole shows an array");
  return Number(observation.data[2]) > 0 ? 1 : 0;
}

/** Plays on with `lean` and counts the steps, at most so many. */
async function playOn(rollout: OpenRollout, most: number): Promise<number> {
  let steps = 0;
  while (!rollout.isOver && steps < most) {
    await rollout.step(lean(rollout.observation));
    steps++;
  }
  return steps;
}

async function whichActionLoses(): Promise<void> {
  const rollout = await openRollout({ envName: "CartPole-v1", seed: 42 });
  const states = [await rollout.checkpoint()];
  while (!rollout.isOver) {
    await rollout.step(lean(rollout.observation));
    if (!rollout.isOver) states.push(await rollout.checkpoint());
  }
  const lost = rollout.steps;
  console.log(`lean loses after ${lost} steps`);
  // From the end to the beginning: a rollout comes back only to what is on its way.
  for (const state of states.filter(({ step }) => step % 10 === 0).toReversed()) {
    const lengths = [];
    for (const action of [0, 1]) {
      await rollout.rollback(state);
      await rollout.step(action);
      await playOn(rollout, 500);
      lengths.push(rollout.steps);
    }
    console.log(`  after step ${state.step}: action 0 lasts ${lengths[0]}, action 1 lasts ${lengths[1]}`);
  }
  await rollout.close();
}

async function whatIsAStateWorth(): Promise<void> {
  const parent = join(folder, "parent");
  await recordRun({ envName: "CartPole-v1", seeds: [42], dir: parent });
  const reseed = Array.from({ length: 100 }, (_, index) => index + 1);
  for (const step of [0, 15, 28]) {
    const { branches } = await branchRun(parent, { step, reseed, out: join(folder, `step-${step}`) });
    const left = branches.flatMap((own) =>
      own.status === "fulfilled" ? [Number(own.rollout.totalReward) - step] : [],
    );
    const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
    console.log(`value after step ${step}: ${mean.toFixed(2)} (mean of ${left.length} futures)`);
  }
}

/** The better of both actions, by how long `lean` lasts after it, and among equals by how upright the pole is. */
async function searched(root: OpenRollout): Promise<number> {
  const scores = await Promise.all(
    [0, 1].map(async (action) => {
      const [branch] = await root.branch();
      await branch!.step(action);
      const lasted = await playOn(branch!, 12);
      const [x, , angle] = branch!.observation instanceof NdArray ? branch!.observation.data : [];
      await branch!.close();
      return lasted - Math.abs(Number(angle)) - 0.1 * Math.abs(Number(x));
    }),
  );
  return scores[1]! > scores[0]! ? 1 : 0;
}

async function search(): Promise<void> {
  await using greedy = await openRollout({ envName: "CartPole-v1", seed: 7 });
  await playOn(greedy, 500);
  await using root = await openRollout({ envName: "CartPole-v1", seed: 7, maxSteps: 2 * greedy.steps });
  while (!root.isOver) await root.step(await searched(root));
  console.log(`lean alone lasts ${greedy.steps} steps; with a search of two branches a step, ${root.steps}`);
  if (root.steps <= greedy.steps) process.exitCode = 1;
}

try {
  await whichActionLoses();
  await whatIsAStateWorth();
  await search();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
