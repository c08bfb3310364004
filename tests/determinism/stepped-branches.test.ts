/*
 * Open rollouts that are branched, kept and rolled back: whatever tree they make, each of its leaves is the rollout that goes
 * straight there.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isSameseedError } from "../../src/base/error.ts";
import { branchRun } from "../../src/branch/branch-run.ts";
import { snapshotOf } from "../../src/branch/snapshot.ts";
import type { RolloutSnapshot } from "../../src/model/snapshot.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import type { OpenRollout } from "../../src/rollout/rollout-step.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { join } from "node:path";
import { temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const envName = "FrozenLake8x8-v1";
const seed = 11;

/** How a state is reached: an action, or a re-keying. */
type Way = readonly ({ readonly act: number } | { readonly reseed: number })[];

async function act(rollout: OpenRollout, action: number): Promise<boolean> {
  if (rollout.isOver) return false;
  const { terminated, truncated } = await rollout.step(action);
  return !terminated && !truncated;
}

/** The content digest of the rollout that goes one way, with nothing beside it. */
async function straight(way: Way): Promise<string> {
  const actions = way.flatMap((each) => ("act" in each ? [each.act] : []));
  if (actions.length === way.length)
    return (await runRollout({ envName, seed, policy: { actions } })).contentDigest;
  let rollout = await openRollout({ envName, seed });
  for (const each of way) {
    if ("act" in each) await act(rollout, each.act);
    else {
      const [next] = await rollout.branch({ reseed: [each.reseed] });
      await rollout.close();
      rollout = next!;
    }
  }
  return (await rollout.close()).contentDigest;
}

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("step" as const), at: fc.nat(), action: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("branch" as const), at: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("reseed" as const), at: fc.nat(), number: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("keep" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("back" as const), at: fc.nat() }) },
);

interface Node {
  readonly rollout: OpenRollout;
  way: Way;
  kept: { readonly to: Awaited<ReturnType<OpenRollout["checkpoint"]>>; readonly way: Way }[];
}

async function apply(
  nodes: Node[],
  done: typeof operation extends fc.Arbitrary<infer T> ? T : never,
): Promise<void> {
  const node = nodes[done.at % nodes.length]!;
  const { rollout, way } = node;
  if (done.kind === "back") {
    const to = node.kept.at(-1);
    if (to === undefined) return;
    await rollout.rollback(to.to);
    node.way = to.way;
    return;
  }
  if (rollout.isOver) return;
  if (done.kind === "step") {
    await act(rollout, done.action);
    node.way = [...way, { act: done.action }];
  } else if (done.kind === "keep") node.kept.push({ to: await rollout.checkpoint(), way });
  else if (nodes.length < 6) {
    const keyed = done.kind === "reseed";
    const [branch] = await rollout.branch(keyed ? { reseed: [done.number] } : {});
    const own: Way = keyed ? [...way, { reseed: done.number }] : way;
    nodes.push({ rollout: branch!, way: own, kept: [...node.kept] });
  }
}

describe("a tree", () => {
  it("of random steps, branches, re-keyings and returns has the leaves of straight rollouts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 4, maxLength: 14 }), async (operations) => {
        const nodes: Node[] = [{ rollout: await openRollout({ envName, seed }), way: [], kept: [] }];
        try {
          for (const each of operations) await apply(nodes, each);
          for (const { rollout, way } of nodes)
            expect((await rollout.close()).contentDigest).toBe(await straight(way));
        } finally {
          for (const { rollout } of nodes) await rollout.close();
        }
      }),
      { numRuns: 8, interruptAfterTimeLimit: 90_000 },
    );
  });

  it("grows while its root is stepped on", async () => {
    await using root = await openRollout({ envName: "CartPole-v1", seed: 3 });
    await root.step(1);
    const growing = root.branch({ count: 3 });
    await root.step(0);
    const branches = await growing;
    expect(branches.map(({ steps }) => steps)).toEqual([1, 1, 1]);
    for (const branch of branches) await branch.step(1);
    const results = await Promise.all(branches.map(async (branch) => await branch.close()));
    const other = await runRollout({ envName: "CartPole-v1", seed: 3, policy: { actions: [1, 1] } });
    for (const result of results) {
      expect(result.contentDigest).toBe(other.contentDigest);
      expect(result).toMatchObject({ branch: { step: 1, reseed: null }, receipt: { engine: "fork" } });
    }
    expect(root.steps).toBe(2);
  });
});

describe("a snapshot", () => {
  it("opens the same rollout: the same digest as if it had never been left", async () => {
    await using rollout = await openRollout({ envName: "Taxi-v4", seed: 5 });
    for (const action of [0, 1, 2]) await rollout.step(action);
    const snapshot = JSON.parse(JSON.stringify(rollout.snapshot())) as RolloutSnapshot;
    await using again = await openRollout({ snapshot });
    expect(again.observation).toEqual(rollout.observation);
    expect(again.legal).toEqual(rollout.legal);
    expect(again.actionSpace).toEqual(rollout.actionSpace);
    for (const each of [rollout, again]) await each.step(3);
    expect(again.snapshot()).toEqual(rollout.snapshot());
    const [one, two] = [await rollout.close(), await again.close()];
    expect(two.digest).toBe(one.digest);
    expect(Buffer.from(two.trajectory.bytes)).toEqual(Buffer.from(one.trajectory.bytes));
  });

  it("of a branch and of a recorded rollout opens too", async () => {
    await using root = await openRollout({ envName, seed });
    await root.step(2);
    const [branch] = await root.branch({ reseed: [4] });
    await branch!.step(2);
    await using again = await openRollout({ snapshot: branch!.snapshot() });
    for (const each of [branch!, again]) await each.step(1);
    expect((await again.close()).digest).toBe((await branch!.close()).digest);
    const dir = join(folder, "recorded");
    await recordRun({ envName, seeds: [seed], maxSteps: 20, dir });
    await using opened = await openRollout({ snapshot: await snapshotOf(dir, { seed, step: 1 }) });
    expect(opened.steps).toBe(1);
    await opened.step(0);
    const listed = await branchRun(dir, { step: 1, actions: [0], out: join(folder, "listed") });
    const own = listed.branches[0]!;
    expect(own.status === "fulfilled" && own.rollout.contentDigest).toBe(
      (await opened.close()).contentDigest,
    );
  });

  it("that was changed in any way is refused", async () => {
    await using rollout = await openRollout({ envName: "CartPole-v1", seed: 1 });
    for (const action of [0, 1, 1]) await rollout.step(action);
    const snapshot = rollout.snapshot();
    const [part] = snapshot.parts;
    const zeros = `sha256:${"0".repeat(64)}`;
    const changed: [string, Partial<RolloutSnapshot>][] = [
      ["prefix_diverged", { chain: zeros }],
      ["prefix_diverged", { content: zeros }],
      ["bad_argument", { seed: 2 }],
      ["bad_argument", { environment: { kind: "gymnasium", id: "Acrobot-v1" } }],
      ["bad_argument", { step: 2 }],
      ["bad_argument", { parts: [] }],
      ["bad_argument", { parts: [{ ...part!, actions: "AAAA" }] }],
      ["bad_argument", { maxSteps: 9 }],
      ["image_missing", { image: { name: "gymnasium", digest: zeros } }],
      ["bad_argument", { version: 2 as 1 }],
      [
        "prefix_diverged",
        { parts: [{ ...part!, actions: Buffer.from([0x83, 1, 1, 1]).toString("base64") }] },
      ],
    ];
    for (const [code, change] of changed) {
      const error = await openRollout({ snapshot: { ...snapshot, ...change } }).catch(
        (thrown: unknown) => thrown,
      );
      expect(isSameseedError(error) && error.code, JSON.stringify(change)).toBe(code);
    }
  });
});

describe("an open rollout", () => {
  it("comes back to any checkpoint on its way, also when it is over, and to no other", async () => {
    await using rollout = await openRollout({ envName: "CartPole-v1", seed: 9 });
    const first = await rollout.checkpoint();
    await rollout.step(0);
    const second = await rollout.checkpoint();
    while (!rollout.isOver) await rollout.step(1);
    await rollout.rollback(second);
    expect(rollout).toMatchObject({ steps: 1, isOver: false });
    await rollout.rollback(first);
    await expect(rollout.rollback(second)).rejects.toMatchObject({ code: "bad_argument" });
    await expect(rollout.rollback({ ...first })).rejects.toThrow(/not a checkpoint/);
    await rollout.step(1);
    const result = await rollout.close();
    const straightOn = await runRollout({ envName: "CartPole-v1", seed: 9, policy: { actions: [1] } });
    expect(result).toMatchObject({ steps: 1, contentDigest: straightOn.contentDigest });
  });

  it("that is closed while it goes back is closed, with no sandbox left", async () => {
    const rollout = await openRollout({ envName: "CartPole-v1", seed: 9 });
    const kept = await rollout.checkpoint();
    await rollout.step(0);
    const back = rollout.rollback(kept).then(
      () => undefined,
      (error: unknown) => error,
    );
    const result = await rollout.close();
    expect(result).toMatchObject({ steps: 1 });
    const error = await back;
    expect(isSameseedError(error) && error.code).toBe("rollout_over");
    expect(rollout.isOver).toBe(true);
    await expect(rollout.step(0)).rejects.toMatchObject({ code: "rollout_over" });
    await expect(rollout.rollback(kept)).rejects.toMatchObject({ code: "rollout_over" });
    expect((await rollout.close()).digest).toBe(result.digest);
  });

  it("says why it cannot be branched, and leaves nothing behind", async () => {
    await using rollout = await openRollout({ envName: "CartPole-v1", seed: 9 });
    await expect(rollout.branch({ count: 2, reseed: [1] })).rejects.toMatchObject({ code: "bad_argument" });
    await expect(rollout.branch({ count: 257 })).rejects.toMatchObject({ code: "bad_argument" });
    const stepping = rollout.step(1);
    await expect(rollout.branch()).rejects.toThrow(/taking a step/);
    await stepping;
    await rollout.close();
    await expect(rollout.branch()).rejects.toMatchObject({ code: "rollout_over" });
    expect(() => rollout.snapshot()).toThrow(/over/);
  });
});
