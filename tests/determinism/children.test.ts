/*
 * Child n = child 1 = a cold start. What a sandbox computes must not depend on how many others its zygote has had, which
 * zygote it comes from, what ran before it or runs beside it, or whether its interpreter was warm.
 */
import { afterAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { isComplete } from "../../src/model/outcome.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { executeRollout } from "../../src/rollout/execute-rollout.ts";
import { planRollout } from "../../src/rollout/plan-rollout.ts";
import { resolveOptions, type RolloutConfig } from "../../src/rollout/rollout-config.ts";
import { ColdBackend } from "../../src/sandbox/cold/backend.ts";
import type { SandboxBackend } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { worlds } from "../worlds.ts";
import { fixture, inParallel } from "./fixtures.ts";

const image = resolveImage("gymnasium");

const orders: RolloutConfig = { envName: fixture("orders.py:ObjectOrders"), seed: 42 };
const others: readonly RolloutConfig[] = [
  { envName: "CartPole-v1", seed: 42 },
  { envName: "Taxi-v4", seed: 42, maxSteps: 20 },
  { envName: "CartPole-v1", seed: 42, policy: fixture("ordering_policy.py"), maxSteps: 20 },
];
const measured = [orders, ...others];

/** What runs between the measured ones: other code, crashes, memory eaters, policies. */
const disturbers: readonly RolloutConfig[] = [
  { envName: "Pendulum-v1", seed: 1, maxSteps: 50 },
  { envName: fixture("hostile.py:Crashes"), seed: 2 },
  { envName: fixture("hostile.py:Hoards"), seed: 3, limits: { memoryMb: 48 } },
  { envName: fixture("hostile.py:KillsEverything"), seed: 4 },
  { envName: "CartPole-v1", seed: 5, policy: { source: "def act(o, rng):\n    raise KeyError(1)\n" } },
  { envName: fixture("hostile.py:Floods"), seed: 6, limits: { outputBytes: 1 << 20 } },
];

async function play(backend: SandboxBackend, config: RolloutConfig): Promise<RolloutSummary> {
  const { template, limits } = resolveOptions(config);
  const receipt = await backend.receipt();
  const plan = planRollout({ ...template, seed: config.seed }, limits, receipt);
  return (await executeRollout(backend, receipt, plan, limits)).summary;
}

const digests = async (backend: SandboxBackend): Promise<string[]> =>
  await inParallel(measured.length, 2, async (index) => (await play(backend, measured[index]!)).digest);

describe.for(worlds)("a rollout's bytes in the %s world", (world) => {
  const first = new ZygoteBackend(image, { world });
  const second = new ZygoteBackend(image, { world });
  const cold = new ColdBackend(image, { world, atOnce: 2 });
  let expected: readonly string[];

  afterAll(async () => {
    await Promise.all([first, second, cold].map((backend) => backend.close()));
  });

  it("are those of the zygote's first children", async () => {
    const summaries = [];
    for (const config of measured) summaries.push(await play(first, config));
    expect(summaries.filter(({ outcome }) => !isComplete(outcome))).toEqual([]);
    expected = summaries.map(({ digest }) => digest);
    expect(new Set(expected).size).toBe(measured.length);
  });

  it("are the same in a thousand more children, whatever runs between and beside them", async () => {
    const pids = first.zygotePids;
    const differing: string[] = [];
    const compare = async (index: number, which: number): Promise<void> => {
      const { digest, outcome } = await play(first, measured[which]!);
      if (digest !== expected[which]) differing.push(`child ${index} of spec ${which}: ${outcome}`);
    };
    let child = 0;
    for (const [count, concurrency] of [
      [100, 1],
      [250, 3],
      [400, 12],
      [250, 6],
    ] as const) {
      await inParallel(count, concurrency, async () => {
        const index = child++;
        await compare(index, 0);
        if (index % 10 === 3) await compare(index, 1 + (((index - 3) / 10) % others.length));
        if (index % 10 === 7) await play(first, disturbers[((index - 7) / 10) % disturbers.length]!);
      });
    }
    expect(child).toBe(1000);
    expect(differing).toEqual([]);
    expect(first.zygotePids).toEqual(pids);
    expect(pids).toHaveLength(1);
  });

  it("are the same however long its steps take", async () => {
    const unsteady = { envName: fixture("orders.py:UnsteadyOrders"), seed: 42 };
    const summaries = await inParallel(24, 12, async () => await play(first, unsteady));
    expect(new Set(summaries.map(({ digest }) => digest)).size).toBe(1);
    expect(summaries[0]?.outcome).toBe("terminated");
  });

  it("are the same in the children of another zygote", async () => {
    for (let round = 0; round < 3; round++) expect(await digests(second)).toEqual(expected);
    expect(second.zygotePids).not.toEqual(first.zygotePids);
  });

  it("are the same from a cold start", async () => {
    for (let round = 0; round < 2; round++) expect(await digests(cold)).toEqual(expected);
  });
});
