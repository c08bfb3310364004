import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { branchRun } from "../../src/branch/branch-run.ts";
import type { NdArray } from "../../src/model/cbor/ndarray.ts";
import type { ActionValue, TypedValue } from "../../src/model/cbor/typed-value.ts";
import type { BranchEngine } from "../../src/model/branch.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import type { OpenRollout } from "../../src/rollout/rollout-step.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { findMujocoImage } from "../mujoco-image.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** CartPole that can fork its process and say how long that takes, in the host's world, where clocks are real. */
const forking = `
import os, time
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

class Forking(CartPoleEnv):
    def __init__(self, at=()):
        super().__init__()
        self.at, self.count = at, 0

    def step(self, action):
        result = super().step(action)
        self.count += 1
        if self.count in self.at:
            result[4]["forkMs"] = sorted(fork() for _ in range(60))[30]
        return result

def fork():
    read, write = os.pipe()
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.write(write, b"x")
        os._exit(0)
    os.read(read, 1)
    passed = time.perf_counter() - started
    os.waitpid(pid, 0)
    os.close(read), os.close(write)
    return passed * 1000
`;
/** An episode that the controller below keeps up for 500 steps. */
const seed = 2;

/** Keeps the pole up for 500 steps from most starts. */
function balance(observation: TypedValue): number {
  const { data } = observation as NdArray<"float64">;
  return 3 * data[2]! + data[3]! > 0 ? 1 : 0;
}

async function balanceTo(rollout: OpenRollout, step: number): Promise<void> {
  while (rollout.steps < step) await rollout.step(balance(rollout.observation));
}

/** ms from the call to the first observation of one branch, and then to the return of its first step. */
async function branchTimes(
  rollout: OpenRollout,
  engine: BranchEngine,
  count: number,
  action: () => ActionValue,
): Promise<{ readonly first: number; readonly step: number }> {
  const first: number[] = [];
  const step: number[] = [];
  for (let at = 0; at < count + 5; at++) {
    const startedAt = performance.now();
    const [branch] = await rollout.branch({ engine });
    const openedAt = performance.now();
    await branch!.step(action());
    if (at >= 5) {
      first.push(openedAt - startedAt);
      step.push(performance.now() - startedAt);
    }
    await branch!.close();
  }
  return { first: median(first), step: median(step) };
}

async function cartPole({ image, quick, say }: ScenarioContext, folder: string): Promise<Figure[]> {
  const count = quick ? 20 : 100;
  const path = join(folder, "forking.py");
  writeFileSync(path, forking);
  const file = { envName: `${path}:Forking`, seed, image, world: "host", maxSteps: 500 } as const;
  await using forks = await openRollout({ ...file, envArgs: { at: [10, 400] } });
  await using rollout = await openRollout({ envName: "CartPole-v1", seed, image });
  const figures: Figure[] = [];
  const ratios: number[] = [];
  const firsts: number[] = [];
  for (const step of [10, 400]) {
    await balanceTo(rollout, step);
    await balanceTo(forks, step);
    const bare = Number(forks.info["forkMs"]);
    const own = await branchTimes(rollout, "fork", count, () => 1);
    say(`  step ${step}: ${own.first.toFixed(2)} ms, bare fork ${bare.toFixed(2)} ms`);
    ratios.push(own.first / bare);
    firsts.push(own.first);
    figures.push(
      { name: `branch by fork at step ${step}, to its first observation, p50`, value: own.first, unit: "ms" },
      { name: `the same, to the return of its first step, p50`, value: own.step, unit: "ms" },
      { name: `bare fork of the same process at step ${step}, p50`, value: bare, unit: "ms" },
    );
  }
  const replayed = await branchTimes(rollout, "replay", quick ? 5 : 20, () => 1);
  return [
    ...figures,
    { name: "branch / bare fork, step 10", value: ratios[0]!, unit: "x", reach: { most: 2.5 } },
    { name: "branch / bare fork, step 400", value: ratios[1]!, unit: "x", reach: { most: 2.5 } },
    {
      name: "branch at step 400 / at step 10",
      value: firsts[1]! / firsts[0]!,
      unit: "x",
      reach: { most: 1.2 },
    },
    { name: "branch by replay at step 400, p50", value: replayed.first, unit: "ms" },
  ];
}

/** ms of each checkpoint, a step and so many ms after the one before. */
async function checkpointTimes(rollout: OpenRollout, count: number, apartMs: number): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count + 3; at++) {
    await rollout.step(balance(rollout.observation));
    const startedAt = performance.now();
    await rollout.checkpoint();
    if (at >= 3) times.push(performance.now() - startedAt);
    await sleep(apartMs);
  }
  return times;
}

async function returns({ image, quick }: ScenarioContext): Promise<Figure[]> {
  const count = quick ? 10 : 50;
  await using rollout = await openRollout({ envName: "CartPole-v1", seed, image });
  await balanceTo(rollout, 10);
  const kept = await checkpointTimes(rollout, count, 0);
  const thinking = await checkpointTimes(rollout, count, 20);
  const back: number[] = [];
  const checkpoint = await rollout.checkpoint();
  for (let at = 0; at < count + 3; at++) {
    await rollout.step(1);
    const startedAt = performance.now();
    await rollout.rollback(checkpoint);
    if (at >= 3) back.push(performance.now() - startedAt);
  }
  return [
    {
      name: "checkpoint one step on, 20 ms after the one before, p50",
      value: median(thinking),
      unit: "ms",
      reach: { most: 3 },
    },
    { name: "checkpoint one step on, at once, p50", value: median(kept), unit: "ms", reach: { most: 3 } },
    { name: "rollback to a checkpoint, p50", value: median(back), unit: "ms", reach: { most: 3 } },
  ];
}

/** Whole runs a second, recorded, with 20 steps each: from a reset, and from the state behind step 10. */
async function rates({ image, quick, say }: ScenarioContext, folder: string): Promise<Figure[]> {
  const count = quick ? 200 : 1000;
  const envName = "MountainCar-v0";
  const parent = join(folder, "parent");
  await recordRun({ envName, image, seeds: [1], maxSteps: 30, dir: parent });
  const rollouts: number[] = [];
  const branches: number[] = [];
  const numbers = Array.from({ length: count }, (_, at) => at);
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    let startedAt = performance.now();
    await recordRun({ envName, image, seeds: numbers, maxSteps: 20, dir: join(folder, `run-${round}`) });
    rollouts.push((count * 1000) / (performance.now() - startedAt));
    startedAt = performance.now();
    const out = join(folder, `branches-${round}`);
    await branchRun(parent, { step: 10, reseed: numbers, engine: "fork", out });
    branches.push((count * 1000) / (performance.now() - startedAt));
    say(`  ${rollouts.at(-1)!.toFixed(0)} rollouts/s, ${branches.at(-1)!.toFixed(0)} branches/s`);
  }
  const ratios = branches.map((each, at) => each / rollouts[at]!);
  return [
    { name: "branches/s, 20 further steps each", value: median(branches), unit: "/s" },
    { name: "rollouts/s of 20 steps", value: median(rollouts), unit: "/s" },
    { name: "branches / rollouts", value: median(ratios), unit: "x", reach: { least: 0.8 } },
  ];
}

/** Humanoid, where an image of this version has it. */
async function humanoid({ quick, say }: ScenarioContext): Promise<Figure[]> {
  const image = findMujocoImage(say);
  if (image === undefined) return [];
  const action = Array.from({ length: 17 }, () => 0.1);
  // Whole, though the body has fallen: what is measured is the cost of the steps.
  const envArgs = { terminate_when_unhealthy: false };
  await using rollout = await openRollout({ envName: "Humanoid-v5", envArgs, seed, image });
  while (rollout.steps < 400) await rollout.step(action);
  const copied = await branchTimes(rollout, "fork", quick ? 5 : 30, () => action);
  const replayed = await branchTimes(rollout, "replay", quick ? 1 : 5, () => action);
  return [
    { name: "Humanoid at step 400: branch by fork, p50", value: copied.first, unit: "ms" },
    { name: "Humanoid at step 400: branch by replay, p50", value: replayed.first, unit: "ms" },
    {
      name: "Humanoid: replay / fork",
      value: replayed.first / copied.first,
      unit: "x",
      reach: { least: 20 },
    },
  ];
}

async function run(context: ScenarioContext): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-branching-"));
  try {
    return [
      ...(await cartPole(context, folder)),
      ...(await returns(context)),
      ...(await rates(context, folder)),
      ...(await humanoid(context)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a branch, a checkpoint and a return cost. */
export const branchingScenario: Scenario = {
  name: "branching",
  about: "branches copied in memory against a bare fork, a replay and ordinary rollouts",
  run,
};
