import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import type { OpenRollout } from "../../src/rollout/rollout-step.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { codeOf, eventually } from "../../src/testing/contract-check.ts";
import { alive, descendants } from "./left-behind.ts";

/* Rollouts that are copied: what is left when any part of them ends (nothing), and what goes on (the rest). */

const envName = "CartPole-v1";
const seed = 4;
let backend: ZygoteBackend;

beforeAll(() => void (backend = new ZygoteBackend(resolveImage(defaultImageName), { world: "sealed" })));
afterAll(async () => await backend.close());
afterEach(async () => {
  expect(await eventually(() => backend.treePids.length === 0)).toBe(true);
});

async function open(idleMs?: number, signal?: AbortSignal): Promise<OpenRollout> {
  const rollout = await openRollout({
    envName,
    seed,
    backend,
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(signal === undefined ? {} : { signal }),
  });
  await rollout.step(1);
  return rollout;
}

async function straight(actions: readonly number[]): Promise<string> {
  return (await runRollout({ envName, seed, backend, policy: { actions } })).contentDigest;
}

/** The trunk of the only tree, and its copies. */
function trunkOf(tree: number): { readonly trunk: number; readonly copies: number[] } {
  const trunk = childPids(childPids(tree)[0]!)[0]!;
  return { trunk, copies: childPids(trunk) };
}

describe("a tree", () => {
  test("is there for branches alone, and until the last of them is closed", async () => {
    const rollout = await open();
    expect(backend.treePids).toEqual([]);
    const [first, second] = await rollout.branch({ count: 2, engine: "fork" });
    const below = backend.treePids.flatMap(descendants);
    expect(below.length).toBeGreaterThan(4);
    await rollout.close();
    await first!.close();
    await second!.step(0);
    const [third] = await second!.branch({ engine: "fork" });
    await second!.close();
    await third!.step(1);
    const { contentDigest, receipt } = await third!.close();
    expect(receipt.engine).toBe("fork");
    expect(contentDigest).toBe(await straight([1, 0, 1]));
    expect(backend.treePids).toEqual([]);
    expect(await eventually(() => alive(below).length === 0)).toBe(true);
  });

  test("goes with its rollout, also while it is being opened", async () => {
    const kept = await open();
    const keeping = kept.checkpoint();
    await kept.close();
    await keeping;
    expect(backend.treePids).toEqual([]);
    const rollout = await open();
    const branching = rollout.branchSettled({ count: 2 });
    await rollout.close();
    for (const each of await branching) if (each.status === "fulfilled") await each.value.close();
    expect(backend.treePids).toEqual([]);
  });

  test("goes with an abort", async () => {
    const abort = new AbortController();
    const rollout = await open(undefined, abort.signal);
    const [branch] = await rollout.branch({ engine: "fork" });
    await rollout.checkpoint();
    const below = backend.treePids.flatMap(descendants);
    abort.abort();
    expect(await codeOf(branch!.step(1))).toBe("aborted");
    expect(await eventually(() => alive(below).length === 0)).toBe(true);
    expect(await codeOf(rollout.close())).toBe("aborted");
  });

  test("goes some time after the last of its rollouts is over, though nobody closed it", async () => {
    const rollout = await open(400);
    const checkpoint = await rollout.checkpoint();
    while (!rollout.isOver) await rollout.step(1);
    expect(await eventually(() => backend.treePids.length === 1)).toBe(true);
    await rollout.rollback(checkpoint);
    expect(rollout.steps).toBe(1);
    // It is left alone: ended for that, and its tree after it.
    expect(await eventually(() => rollout.isOver && backend.treePids.length === 0)).toBe(true);
    // A state needs no tree to be had again.
    await rollout.rollback(checkpoint);
    await rollout.step(1);
    expect((await rollout.close()).contentDigest).toBe(await straight([1, 1]));
  });

  test("that is full is followed by another one", async () => {
    const rollout = await open();
    const branches = await rollout.branch({ count: 70, engine: "fork" });
    expect(backend.treePids.length).toBe(2);
    const steps = await Promise.all(branches.map(async (each) => await each.step(0)));
    expect(new Set(steps.map(({ observation }) => JSON.stringify(observation))).size).toBe(1);
    const results = await Promise.all(branches.map(async (each) => await each.close()));
    expect(new Set(results.map(({ digest }) => digest)).size).toBe(1);
    expect(results[69]!.contentDigest).toBe(await straight([1, 0]));
    await rollout.close();
  });
});

describe("SIGKILL", () => {
  test("of a slot fails its own branch alone", async () => {
    await using rollout = await open();
    const branches = await rollout.branch({ count: 3, engine: "fork" });
    const { copies } = trunkOf(backend.treePids[0]!);
    process.kill(
      copies.find((copy) => childPids(copy).length > 0)!,
      "SIGKILL",
    );
    const steps = await Promise.allSettled(branches.map(async (each) => await each.step(0)));
    expect(steps.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected"]);
    const failed = branches[steps.findIndex(({ status }) => status === "rejected")]!;
    expect(await codeOf(failed.close())).toBe("sandbox_failed");
    const [another] = await rollout.branch({ engine: "fork" });
    await another!.step(0);
    expect((await another!.close()).contentDigest).toBe(await straight([1, 0]));
    for (const each of branches) await each.close().catch(() => {});
  });

  test("of a branch's own process is an outcome of that branch", async () => {
    await using rollout = await open();
    const [first, second] = await rollout.branch({ count: 2, engine: "fork" });
    const { copies } = trunkOf(backend.treePids[0]!);
    process.kill(childPids(copies[0]!)[0]!, "SIGKILL");
    const steps = await Promise.allSettled([first!, second!].map(async (each) => await each.step(0)));
    expect(steps.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    for (const each of [first!, second!]) await each.close().catch(() => {});
  });

  test("of the trunk or its zygote takes the branches; the rollout goes on, and is branched again", async () => {
    await using rollout = await open();
    for (const part of ["trunk", "zygote"] as const) {
      const [branch] = await rollout.branch({ engine: "fork" });
      const [tree] = backend.treePids;
      process.kill(part === "zygote" ? tree! : trunkOf(tree!).trunk, "SIGKILL");
      const stepping = async (): Promise<void> => {
        for (;;) await branch!.step(branch!.steps % 2);
      };
      expect(await codeOf(stepping())).toMatch(/^(sandbox_ended|zygote_failed)$/);
      expect(await codeOf(branch!.close())).toMatch(/^(sandbox_ended|zygote_failed)$/);
    }
    const [again] = await rollout.branch({ engine: "fork" });
    await again!.step(0);
    expect((await again!.close()).contentDigest).toBe(await straight([1, 0]));
    await rollout.step(0);
    expect((await rollout.close()).contentDigest).toBe(await straight([1, 0]));
  });
});

describe("many copies", () => {
  test("of one state, one after the other and some at a time, leave its tree as it was", async () => {
    await using rollout = await open();
    const before = backend.treePids.length;
    for (let round = 0; round < 12; round++) {
      const branches = await rollout.branch({ count: 8, engine: "fork" });
      await Promise.all(branches.map(async (each) => await each.step(0)));
      await Promise.all(branches.map(async (each) => await each.close()));
    }
    expect(before).toBe(0);
    await sleep(50);
    // As many as ran at a time, at the most.
    expect(trunkOf(backend.treePids[0]!).copies.length).toBeLessThanOrEqual(8);
  });

  test("by a chain of returns and checkpoints do not grow deeper than a host allows", async () => {
    await using rollout = await open();
    const actions = [1];
    for (let round = 0; round < 30; round++) {
      const checkpoint = await rollout.checkpoint();
      await rollout.step(1);
      await rollout.rollback(checkpoint);
      await rollout.step(round % 2);
      actions.push(round % 2);
      if (rollout.isOver) break;
    }
    expect((await rollout.close()).contentDigest).toBe(await straight(actions));
  });
});
