/*
 * What a program can find different on another day or machine is the same in every sealed rollout, however it asks: each
 * of the planted environments gives one trajectory, from warm and cold interpreters, alone and beside others.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { isComplete } from "../../src/model/outcome.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { executeRollout } from "../../src/rollout/execute-rollout.ts";
import { planRollout } from "../../src/rollout/plan-rollout.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { ColdBackend } from "../../src/sandbox/cold/backend.ts";
import type { SandboxBackend } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { inParallel } from "./fixtures.ts";
import {
  cleanEnvironments,
  plantedActions,
  plantedBugs,
  plantedEnvironment,
} from "./planted/planted-bugs.ts";

const image = resolveImage("gymnasium");
const warm = new ZygoteBackend(image, { world: "sealed" });
const cold = new ColdBackend(image, { world: "sealed", atOnce: 8 });
const names = [...plantedBugs, ...cleanEnvironments].map(({ name }) => name);

const runsAtOnce = 20;
const runsAlone = 20;
const runsCold = 2;

async function play(backend: SandboxBackend, name: string): Promise<RolloutSummary> {
  const options = resolveOptions({ envName: plantedEnvironment(name), policy: { actions: plantedActions } });
  const receipt = await backend.receipt();
  const plan = planRollout({ ...options.template, seed: 42 }, options.limits, receipt);
  return (await executeRollout(backend, receipt, plan, options.limits)).summary;
}

/** Runs each environment so many times and returns the names of those that were not all as expected. */
async function differing(
  backend: SandboxBackend,
  runs: number,
  concurrency: number,
  expected: ReadonlyMap<string, string>,
): Promise<string[]> {
  const different = new Set<string>();
  // Neighbours are other environments, so that runs at one time are not all the same.
  await inParallel(runs * names.length, concurrency, async (index) => {
    const name = names[index % names.length]!;
    const { digest, outcome } = await play(backend, name);
    if (digest !== expected.get(name)) different.add(`${name}: ${outcome}`);
  });
  return [...different];
}

afterAll(async () => {
  await Promise.all([warm.close(), cold.close()]);
});

describe("planted environments in a sealed world", () => {
  const first = new Map<string, RolloutSummary>();
  const digests = new Map<string, string>();

  beforeAll(async () => {
    for (const name of names) {
      const summary = await play(warm, name);
      first.set(name, summary);
      digests.set(name, summary.digest);
    }
  });

  it("are all in the table", () => {
    const files = readdirSync(join(import.meta.dirname, "planted")).filter((file) => file.endsWith(".py"));
    expect(files.map((file) => file.replace(".py", "")).sort()).toEqual([...names].sort());
    expect(names.length).toBeGreaterThan(30);
  });

  it("are complete, or refused with a message that names the reason", () => {
    const refused = new Map(plantedBugs.map(({ name, refused: message }) => [name, message]));
    const wrong = [...first].filter(([name, { outcome, error }]) => {
      const message = refused.get(name);
      return message === undefined ? !isComplete(outcome) : !message.test(error?.message ?? "");
    });
    expect(wrong).toEqual([]);
    expect(new Set(digests.values()).size).toBe(names.length);
  });

  it("give the same bytes from a warm interpreter, one at a time", async () => {
    expect(await differing(warm, runsAlone, 1, digests)).toEqual([]);
  });

  it("give the same bytes from a warm interpreter, eight at a time", async () => {
    expect(await differing(warm, runsAtOnce, 8, digests)).toEqual([]);
  });

  it("give the same bytes from a cold start, one and eight at a time", async () => {
    expect(await differing(cold, runsCold, 8, digests)).toEqual([]);
    const some = names.filter((_, at) => at % 9 === 0);
    for (const name of some) expect((await play(cold, name)).digest).toBe(digests.get(name));
  });
});
