/*
 * A branch that is copied in memory has the bytes of one that is replayed, and of the straight rollout: at three steps of every
 * environment of every image that is tested, and of environments that hold what is hard to copy.
 */
import { describe, expect, it } from "vitest";

import { isSameseedError } from "../../src/base/error.ts";
import { type ActionValue, toTyped } from "../../src/model/cbor/typed-value.ts";
import type { BranchEngine } from "../../src/model/branch.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import type { OpenRollout } from "../../src/rollout/rollout-step.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { fixture, temporaryFolder, installedEnvironments } from "./fixtures.ts";

temporaryFolder();
const seed = 11;

const cases = await installedEnvironments();

async function goOn(rollout: OpenRollout, actions: readonly ActionValue[]): Promise<RolloutResult> {
  for (const action of actions) if (!rollout.isOver) await rollout.step(action);
  return await rollout.close();
}

/** Branches a rollout with an identical and with re-keyed futures, and plays all of them to the end. */
async function branched(
  rollout: OpenRollout,
  engine: BranchEngine,
  rest: readonly ActionValue[],
): Promise<RolloutResult[]> {
  const [same] = await rollout.branch({ engine });
  const others = await rollout.branch({ engine, reseed: [1, 1, 2] });
  return await Promise.all([same!, ...others].map(async (each) => await goOn(each, rest)));
}

const bytes = ({ trajectory }: RolloutResult): string => Buffer.from(trajectory.bytes).toString("base64");

/** Steps a rollout through its actions, and compares what both engines make of three of its states. */
async function compare(
  spec: { readonly envName: string; readonly image?: string },
  actions: readonly ActionValue[],
  contentDigest: string,
  draws = true,
): Promise<void> {
  await using rollout = await openRollout({ ...spec, seed, maxSteps: actions.length });
  const steps = new Set([0, Math.floor(actions.length / 2), actions.length - 1]);
  for (const [step, action] of actions.entries()) {
    if (steps.has(step)) {
      const rest = actions.slice(step);
      const copied = await branched(rollout, "fork", rest);
      const replayed = await branched(rollout, "replay", rest);
      expect(copied.map(({ receipt }) => receipt.engine)).toEqual(Array(4).fill("fork"));
      expect(replayed.map(({ receipt }) => receipt.engine)).toEqual(Array(4).fill("replay"));
      expect(copied.map(bytes)).toEqual(replayed.map(bytes));
      expect(copied.map(({ digest }) => digest)).toEqual(replayed.map(({ digest }) => digest));
      expect(copied[0]!.contentDigest).toBe(contentDigest);
      expect(copied[1]!.digest).toBe(copied[2]!.digest);
      if (draws) expect(new Set(copied.map((each) => each.contentDigest)).size).toBe(3);
    }
    await rollout.step(action);
  }
  expect((await rollout.close()).contentDigest).toBe(contentDigest);
}

/** Environments that keep a thread, of which a fork would have no copy. */
const threaded = new Set(["CarRacing-v3"]);

/** A state that cannot be copied is replayed: its fork is refused, and a branch without a wish has the straight rollout's bytes. */
async function compareReplayed(
  spec: { readonly envName: string; readonly image?: string },
  actions: readonly ActionValue[],
  contentDigest: string,
): Promise<void> {
  await using rollout = await openRollout({ ...spec, seed, maxSteps: actions.length });
  await rollout.step(actions[0]!);
  const refused = await rollout.branch({ engine: "fork" }).catch((error: unknown) => error);
  expect(isSameseedError(refused) && refused.code).toBe("engine_unavailable");
  expect((refused as Error).message).toMatch(/threads/);
  const [same] = await rollout.branch();
  const [other] = await rollout.branch({ reseed: [1] });
  const ends = await Promise.all([same!, other!].map(async (each) => await goOn(each, actions.slice(1))));
  expect(ends.map(({ receipt }) => receipt.engine)).toEqual(["replay", "replay"]);
  expect(ends[0]!.contentDigest).toBe(contentDigest);
  expect(ends[1]!.contentDigest).not.toBe(contentDigest);
}

it.for(cases)("$envName is copied to the bytes of a replay", async ({ image, envName }, { skip }) => {
  const spec = { image, envName };
  const drawn = await runRollout({ ...spec, seed, maxSteps: 6 }).catch(
    (error: { code?: string }) => error.code,
  );
  // What is registered but cannot be made here: another package, a newer version, another renderer.
  if (typeof drawn !== "object" || drawn.steps === 0) {
    skip();
    return;
  }
  const actions = [...drawn.trajectory.records()].flatMap((record) =>
    record.kind === "step" ? [toTyped(record.action) as ActionValue] : [],
  );
  const listed = await openRollout({ ...spec, seed, maxSteps: actions.length });
  const { contentDigest } = await goOn(listed, actions);
  if (threaded.has(envName)) await compareReplayed(spec, actions, contentDigest);
  else await compare(spec, actions, contentDigest);
});

describe("what an environment holds", () => {
  const actions = [1, 0, 2, 3, 1, 2];
  const of = (name: string): string => `${fixture("holding.py")}:${name}`;

  it.for(["OpenFile", "Files", "Heap", "Closure"])("is copied: %s", async (name) => {
    const straight = await runRollout({ envName: of(name), seed, policy: { actions } });
    expect(straight).toMatchObject({ outcome: "truncated", steps: 6 });
    const limits = { envName: of(name) };
    await compare(limits, actions, await contentOf(of(name), actions));
  });

  it.for([
    ["Thread", /threads/],
    ["Child", /child process/],
    ["Device", /no file in \/tmp/],
  ] as const)("keeps it from being copied: %s", async ([name, reason]) => {
    await using rollout = await openRollout({ envName: of(name), seed });
    await rollout.step(1);
    const refused = await rollout.branch({ engine: "fork" }).catch((error: unknown) => error);
    expect(isSameseedError(refused) && refused.code).toBe("engine_unavailable");
    expect((refused as Error).message).toMatch(reason);
    const [branch] = await rollout.branch();
    const [one, other] = [await goOn(branch!, [2]), await goOn(rollout, [2])];
    expect(one.receipt.engine).toBe("replay");
    expect(one.contentDigest).toBe(other.contentDigest);
  });

  it("is looked at anew in each state", async () => {
    await using rollout = await openRollout({ envName: of("Passing"), seed });
    const engines: (BranchEngine | undefined)[] = [];
    for (const action of [0, 1, 2, 3, 0]) {
      const [branch] = await rollout.branch();
      engines.push((await goOn(branch!, [action])).receipt.engine);
      await rollout.step(action);
    }
    expect(engines).toEqual(["fork", "fork", "replay", "replay", "fork"]);
  });
});

async function contentOf(envName: string, actions: readonly ActionValue[]): Promise<string> {
  const rollout = await openRollout({ envName, seed, maxSteps: actions.length });
  return (await goOn(rollout, actions)).contentDigest;
}
