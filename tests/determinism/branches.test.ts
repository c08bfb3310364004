/*
 * A branch with an identical future is the straight rollout, byte for byte, and one that is re-keyed is another wherever
 * anything is random: at three steps of every environment of the image, and of every built-in game.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { type BranchRunConfig, type SettledBranch } from "../../src/branch/branch-config.ts";
import { branchRun } from "../../src/branch/branch-run.ts";
import { playGames } from "../../src/games/play-games.ts";
import { saveGame } from "../../src/games/play/save-game.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { RunReader } from "../../src/store/run-reader.ts";
import { framesOf, parseTrajectoryBlob } from "../../src/trajectory/trajectory-blob.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { fixture, listEnvironments, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
let made = 0;
const fresh = (): string => join(folder, String(++made));

const environments = (await listEnvironments()).filter(({ id, newest }) => id === newest).map(({ id }) => id);

/** The frames of a stored rollout. */
async function frames(dir: string, key: number): Promise<string[]> {
  using reader = await RunReader.open(dir);
  return [...framesOf(parseTrajectoryBlob(reader.trajectory(key)))].map((frame) =>
    Buffer.from(frame.bytes).toString("base64"),
  );
}

async function rowOf(dir: string, key: number): Promise<RolloutSummary> {
  using reader = await RunReader.open(dir);
  return reader.row(key);
}

function rows(branches: readonly SettledBranch[]): RolloutSummary[] {
  return branches.map((own) => {
    if (own.status === "rejected") throw own.error;
    return own.rollout;
  });
}

function enginesOf(own: readonly RolloutSummary[]): (string | undefined)[] {
  return own.map(({ receipt }) => receipt.engine);
}

async function branch(
  dir: string,
  config: BranchRunConfig,
): Promise<{ dir: string; rows: RolloutSummary[] }> {
  const result = await branchRun(dir, { out: fresh(), ...config });
  return { dir: result.dir, rows: rows(result.branches) };
}

/** Three steps that a rollout can be branched at: its reset, one in its middle and its last but one. */
function threeSteps(steps: number): number[] {
  return [...new Set([0, Math.floor(steps / 2), Math.max(0, steps - 1)])];
}

describe.for(environments)("%s", (envName) => {
  it("is branched to the bytes of the straight rollout, and to others where it is re-keyed", async () => {
    const straight = fresh();
    await recordRun({ envName, seeds: [7], maxSteps: 30, dir: straight });
    const parent = await rowOf(straight, 7);
    const all = await frames(straight, 7);
    for (const step of threeSteps(parent.steps)) {
      const same = await branch(straight, { seed: 7, step, count: 2 });
      expect(enginesOf(same.rows)).toEqual(["fork", "fork"]);
      for (const row of same.rows) {
        expect(row).toMatchObject({
          outcome: parent.outcome,
          steps: parent.steps,
          contentDigest: parent.contentDigest,
        });
        expect(row.totalReward).toBe(parent.totalReward);
        const own = await frames(same.dir, row.branch!.number);
        expect(own).toEqual(all.slice(all.length - own.length));
      }
      const other = await branch(straight, { seed: 7, step, reseed: [1, 1, 2, 3, 4] });
      const digests = other.rows.map(({ contentDigest }) => contentDigest);
      expect(digests[0]).toBe(digests[1]);
      const replayed = await branch(straight, { seed: 7, step, reseed: [1, 2], engine: "replay" });
      expect(enginesOf([...other.rows, ...replayed.rows])).toEqual([
        ...Array(5).fill("fork"),
        "replay",
        "replay",
      ]);
      expect(replayed.rows.map(({ digest }) => digest)).toEqual([
        other.rows[0]!.digest,
        other.rows[2]!.digest,
      ]);
      // A sampled action can come out alike; what it was sampled from cannot.
      expect(new Set([...digests, parent.contentDigest]).size).toBe(5);
      for (const dir of [same.dir, other.dir])
        expect(await verifyRun(dir)).toMatchObject({ verified: true, diverged: [], failed: [] });
    }
  });
});

describe.for([
  ["tictactoe", "random", "random"],
  ["tictactoe", "minimax", "random"],
  [
    "tictactoe",
    "random",
    { source: "def choose_action(board, player, rng):\n    return board.index(None)\n" },
  ],
  ["connect_four", "greedy", "random"],
] as const)("%s between %o and %o", ([game, first, second]) => {
  it("is branched to the bytes of the straight game, at every step of its beginning", async () => {
    const spec = { game, seats: [first, second] };
    const [result] = await Array.fromAsync(playGames(spec, [{ seed: 3, game: 0 }]));
    const played = result!.rollout!;
    const straight = fresh();
    await saveGame(spec, played, straight);
    const { seed } = played.summary;
    const all = await frames(straight, seed);
    for (const step of [0, 1, 2, 3]) {
      const same = await branch(straight, { step });
      const own = await frames(same.dir, 0);
      expect(own).toEqual(all.slice(all.length - own.length));
      expect(same.rows[0]!.contentDigest).toBe(played.summary.contentDigest);
      const other = await branch(straight, { step, reseed: [5, 5, 6, 7, 8, 9] });
      expect(other.rows[0]!.contentDigest).toBe(other.rows[1]!.contentDigest);
      expect(new Set(other.rows.map(({ contentDigest }) => contentDigest)).size).toBeGreaterThan(1);
      expect(await verifyRun(other.dir)).toMatchObject({ verified: true });
    }
  });
});

describe("a branch", () => {
  it("of a list of actions, of source and of a function goes on with what they would do", async () => {
    const actions = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0];
    const act = { source: "def act(observation, rng):\n    return int(observation[2] > 0)\n" };
    const policies = [{ actions }, act, ({ step }: { step: number }) => actions[(step - 1) % 10]!];
    for (const policy of policies) {
      const straight = fresh();
      await recordRun({ envName: "CartPole-v1", seeds: [5], maxSteps: 10, policy, dir: straight });
      const parent = await rowOf(straight, 5);
      for (const step of [0, 4, 9]) {
        const { rows: own, dir } = await branch(straight, { step });
        expect(own[0]).toMatchObject({ contentDigest: parent.contentDigest, outcome: parent.outcome });
        expect((await verifyRun(dir)).verified).toBe(true);
      }
    }
  });

  it("of a branch of a branch is the straight rollout, and names its parents", async () => {
    const straight = fresh();
    await recordRun({ envName: "CartPole-v1", seeds: [42], dir: straight });
    const parent = await rowOf(straight, 42);
    const first = await branch(straight, { step: 4, count: 3 });
    const second = await branch(first.dir, { branch: 2, step: 9 });
    const third = await branch(second.dir, { branch: 0, step: 9, reseed: [1, 2] });
    expect(second.rows[0]!.contentDigest).toBe(parent.contentDigest);
    using reader = await RunReader.open(third.dir);
    expect(reader.manifest.spec.branch).toMatchObject({ step: 9, parent: { seed: 42, branch: 0 } });
    expect(reader.manifest.spec.branch!.past.length).toBe(3);
    expect((await verifyRun(third.dir)).verified).toBe(true);
    await expect(branch(second.dir, { branch: 0, step: 8 })).rejects.toThrow(/starts at step 9/);
  });

  it("is copied whoever goes on in it, but for a policy from source", async () => {
    const straight = fresh();
    await recordRun({ envName: "CartPole-v1", seeds: [3], dir: straight });
    const step = 5;
    const reseed = [1, 2, 3];
    const listed = { step, reseed, actions: [1, 0, 1] };
    const asked = { step, reseed, policy: ({ step: at }: { readonly step: number }) => at % 2 };
    for (const config of [listed, asked]) {
      const copied = await branch(straight, { ...config, engine: "fork" });
      const replayed = await branch(straight, { ...config, engine: "replay" });
      expect(enginesOf([...copied.rows, ...replayed.rows])).toEqual([
        ...Array(3).fill("fork"),
        ...Array(3).fill("replay"),
      ]);
      for (const number of [0, 1, 2])
        expect(await frames(copied.dir, number)).toEqual(await frames(replayed.dir, number));
      expect(copied.rows.map(({ digest }) => digest)).toEqual(replayed.rows.map(({ digest }) => digest));
    }
    const policy = { source: "def act(observation, rng, info):\n    return 0\n" };
    const out = fresh();
    await expect(branchRun(straight, { step, count: 3, policy, engine: "fork", out })).rejects.toMatchObject({
      code: "engine_unavailable",
      context: { reason: expect.stringMatching(/sandbox of its own/) as string },
    });
    expect(enginesOf((await branch(straight, { step, count: 3, policy, out })).rows)).toEqual(
      Array(3).fill("replay"),
    );
  });

  it("is replayed where its state cannot be copied, and fails where a copy was asked for", async () => {
    const straight = fresh();
    const envName = `${fixture("holding.py")}:Child`;
    await recordRun({ envName, seeds: [3], maxSteps: 4, dir: straight });
    expect(enginesOf((await branch(straight, { step: 2, count: 2 })).rows)).toEqual(["replay", "replay"]);
    await expect(branchRun(straight, { step: 2, engine: "fork", out: fresh() })).rejects.toThrow(
      /child process/,
    );
  });

  it("with another policy starts from the very same state", async () => {
    const straight = fresh();
    await recordRun({ envName: "FrozenLake-v1", seeds: [1], maxSteps: 20, dir: straight });
    const parent = await rowOf(straight, 1);
    const step = Math.min(2, parent.steps - 1);
    const listed = await branch(straight, { step, actions: [2, 1, 2] });
    const again = await branch(straight, { step, actions: [2, 1, 2], reseed: [9] });
    expect(listed.rows[0]!.branch!.parent).toBe(again.rows[0]!.branch!.parent);
    expect(listed.rows[0]!.contentDigest).not.toBe(again.rows[0]!.contentDigest);
  });
});

describe.for([["random"], ["random", "random"]])("agents that act together, played by %o", (policy) => {
  it("are branched at any step but the last", async () => {
    const straight = fresh();
    const envName = `${fixture("acting_together.py")}:ActingTogether`;
    await recordRun({ envName, seeds: [5], policy, dir: straight });
    const parent = await rowOf(straight, 5);
    expect(parent).toMatchObject({ outcome: "terminated", steps: 6 });
    const all = await frames(straight, 5);
    for (const step of [0, 3, 5]) {
      const same = await branch(straight, { step });
      const own = await frames(same.dir, 0);
      expect(own).toEqual(all.slice(all.length - own.length));
      expect(same.rows[0]).toMatchObject({
        contentDigest: parent.contentDigest,
        totalReward: parent.totalReward,
      });
      const other = await branch(straight, { step, reseed: [1, 1, 2] });
      const digests = other.rows.map(({ contentDigest }) => contentDigest);
      expect(digests[0]).toBe(digests[1]);
      expect(new Set([...digests, parent.contentDigest]).size).toBe(3);
      for (const dir of [same.dir, other.dir]) expect(await verifyRun(dir)).toMatchObject({ verified: true });
    }
    await expect(branchRun(straight, { step: 6, out: fresh() })).rejects.toMatchObject({
      code: "bad_argument",
    });
  });
});

describe("a parent", () => {
  it("whose environment gives other bytes is refused with the first divergence", async () => {
    const dir = fresh();
    const path = join(folder, "changing.py");
    const source = readFileSync(fixture("changing.py"), "utf8");
    writeFileSync(path, source);
    await recordRun({ envName: `${path}:Changing`, seeds: [1], maxSteps: 12, dir, world: "host" });
    const out = fresh();
    const refused = branchRun(dir, { seed: 1, step: 8, count: 3, out });
    await expect(refused).rejects.toMatchObject({
      code: "prefix_diverged",
      context: { step: 8, firstDivergence: { step: 3, field: "observation" } },
    });
    // Before the step that differs there is nothing to refuse, and nothing is left of what was refused.
    expect((await branchRun(dir, { seed: 1, step: 2, count: 1, out })).branches[0]!.status).toBe("fulfilled");
  });
});
