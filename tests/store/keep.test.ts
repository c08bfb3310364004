/* Trajectories that a run does not keep are made again from their seeds, and are the same or refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { makeTrajectories, recordRun, RunReader, verifyRun } from "../../src/index.ts";
import type { FaultKind, Outcome } from "../../src/model/outcome.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { isKept } from "../../src/store/kept.ts";
import { RunWriter } from "../../src/store/run-writer.ts";
import { chainOf } from "../../src/trajectory/trajectory-chain.ts";
import { Workplace } from "../cli/sameseed.ts";

const work = new Workplace();
const folder = mkdtempSync(join(tmpdir(), "sameseed-keep-"));
const config = { envName: "CartPole-v1", seeds: [3, 1, 2], maxSteps: 12 };
const full = join(folder, "full");
const digest = join(folder, "digest");

beforeAll(async () => {
  await recordRun({ ...config, dir: full });
  await recordRun({ ...config, dir: digest, keep: "digest" });
});
afterAll(async () => {
  await closeSandboxes();
  work[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function rowsOf(dir: string): Promise<{ summary: RolloutSummary; trajectory: Buffer | undefined }[]> {
  using reader = await RunReader.open(dir);
  return [...reader.rows()].map((summary) => ({
    summary,
    trajectory: reader.hasTrajectory(summary.seed) ? reader.trajectory(summary.seed) : undefined,
  }));
}

it("keeps rows without trajectories, verifies them by their digests, and makes the same bytes again", async () => {
  const before = await rowsOf(digest);
  expect(before.map(({ trajectory }) => trajectory)).toEqual([undefined, undefined, undefined]);
  const kept = await rowsOf(full);
  expect(before.map(({ summary }) => summary.digest)).toEqual(kept.map(({ summary }) => summary.digest));
  expect(await verifyRun(digest)).toMatchObject({ verified: true, rollouts: 3, equal: 3, missing: 0 });

  using reader = await RunReader.open(digest);
  expect(() => reader.trajectory(2)).toThrow(
    expect.objectContaining({ code: "run_missing", hint: expect.stringContaining("--seed 2") as string }),
  );
  expect(await makeTrajectories(digest, [2])).toBe(1);
  expect(await makeTrajectories(digest)).toBe(2);
  expect(await makeTrajectories(digest)).toBe(0);
  const after = await rowsOf(digest);
  const chains = (all: typeof after): string[] =>
    all.map(({ trajectory }) => chainOf(trajectory!).digests.digest);
  expect(chains(after)).toEqual(chains(kept));
  expect(await verifyRun(digest)).toMatchObject({ verified: true, rollouts: 3 });
});

it("takes nothing for a trajectory that does not have its row's digest", async () => {
  const dir = join(folder, "swapped");
  await recordRun({ ...config, dir, keep: "digest" });
  await makeTrajectories(dir);
  const file = (seed: number): string => join(dir, "made-again", `${seed}.trajectory`);
  rmSync(file(1));
  writeFileSync(file(1), readFileSync(file(2)));
  using reader = await RunReader.open(dir);
  expect(() => reader.trajectory(1)).toThrow(expect.objectContaining({ code: "run_damaged" }));
  writeFileSync(file(1), "nonsense");
  expect(() => reader.trajectory(1)).toThrow(expect.objectContaining({ code: "run_damaged" }));
  expect(reader.trajectory(2).length).toBeGreaterThan(0);
});

it("says that a rollout diverged although its trajectory was not kept", async () => {
  const dir = join(folder, "altered");
  using reader = await RunReader.open(full);
  const other = `sha256:${"0".repeat(64)}`;
  await using writer = await RunWriter.create(dir, { ...reader.manifest, keep: "digest" });
  for (const summary of reader.rows()) {
    const changed = summary.seed === 2 ? { digest: other, contentDigest: other } : {};
    const row = { ...summary, ...changed } as RolloutSummary;
    await writer.append({ summary: row, trajectory: reader.trajectory(summary.seed), seats: [] });
  }
  await writer.close();
  const result = await verifyRun(dir);
  expect(result).toMatchObject({ verified: false, equal: 2, tier: "none" });
  expect(result.diverged).toMatchObject([{ seed: 2, firstDivergence: { field: "digest", expected: other } }]);
  await expect(makeTrajectories(dir, [2])).rejects.toMatchObject({ code: "trajectory_diverged" });
  expect(await makeTrajectories(dir, [1, 3])).toBe(2);
});

it("holds the whole digest of what was not kept, and takes no missing bytes for bytes that were not kept", async () => {
  using reader = await RunReader.open(full);
  const rows = await rowsOf(full);
  const write = async (name: string, keep: "digest" | "full", change: Partial<RolloutSummary>) => {
    const dir = join(folder, name);
    await using writer = await RunWriter.create(dir, { ...reader.manifest, keep });
    for (const { summary, trajectory } of rows) {
      const own = summary.seed === 2;
      const row = { ...summary, ...(own ? change : {}) } as RolloutSummary;
      await writer.append({ summary: row, trajectory: trajectory!, seats: [] });
    }
    await writer.close();
    return dir;
  };
  const other = `sha256:${"1".repeat(64)}`;
  const result = await verifyRun(await write("whole-digest", "digest", { digest: other }));
  expect(result.diverged).toMatchObject([{ seed: 2, firstDivergence: { field: "digest", expected: other } }]);
  // As of a run of another `keep`, whose rows came without their bytes.
  const bare = await write("bare", "digest", {});
  const manifest = join(bare, "run.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/"keep": ?"digest"/, '"keep":"full"'));
  await expect(verifyRun(bare)).rejects.toMatchObject({ code: "run_missing" });
});

it("keeps what was asked for, on a resume too, and always what cannot be made again", async () => {
  const [row] = await rowsOf(full);
  const { summary } = row!;
  const ended = { ...summary, outcome: "wall_limit" as const };
  const faulty = (outcome: Outcome, kind: FaultKind): RolloutSummary => {
    const error = { by: "environment", kind, type: kind, message: "it failed" } as const;
    return { ...summary, outcome, error };
  };
  const raised = faulty("env_error", "raised");
  const untold = { ...summary, receipt: { ...summary.receipt, tier: "none" as const } };
  expect(isKept("full", summary)).toBe(true);
  expect([summary, ended, raised, untold].map((own) => isKept("digest", own))).toEqual([
    false,
    true,
    false,
    true,
  ]);
  // What the same rollout need not come to again.
  const crashed = [
    faulty("env_error", "signal"),
    faulty("policy_error", "exit"),
    faulty("policy_error", "silent"),
    faulty("protocol_error", "protocol"),
    faulty("memory_limit", "raised"),
  ];
  for (const own of crashed) {
    expect(isKept("digest", own)).toBe(true);
    expect(isKept(1e-9, own)).toBe(true);
  }
  expect([summary, raised].map((own) => isKept("failures", own))).toEqual([false, true]);
  const share = Array.from({ length: 4000 }, (_, seed) => isKept(0.25, { ...summary, seed })).filter(Boolean);
  expect(share.length).toBeGreaterThan(900);
  expect(share.length).toBeLessThan(1100);

  const dir = join(folder, "share");
  await recordRun({ ...config, dir, keep: 0.5 });
  await recordRun({ ...config, seeds: [1, 2, 3, 4, 5, 6, 7, 8], dir, extend: true });
  const rows = await rowsOf(dir);
  expect(rows).toHaveLength(8);
  for (const { summary: own, trajectory } of rows) expect(trajectory !== undefined).toBe(isKept(0.5, own));
  const before = readFileSync(join(dir, "run.json"), "utf8");
  for (const keep of ["full", 0.25] as const)
    await expect(recordRun({ ...config, seeds: [9], dir, extend: true, keep })).rejects.toMatchObject({
      code: "run_differs",
    });
  // The run has not taken on the seed of a call that was refused.
  expect(readFileSync(join(dir, "run.json"), "utf8")).toBe(before);
});

it.each(["everything", 0, 1, 2])("refuses to keep %j", async (keep) => {
  const wrong = { ...config, dir: join(folder, "wrong"), keep: keep as 0.5 };
  await expect(recordRun(wrong)).rejects.toMatchObject({ code: "bad_argument" });
});

it("refuses to leave out what only its caller knows", async () => {
  const called = { ...config, dir: join(folder, "called"), policy: () => 0, keep: "digest" as const };
  await expect(recordRun(called)).rejects.toMatchObject({ code: "bad_argument" });
});

it("makes again on the command line what is read, and no more", async () => {
  const dir = work.path("run");
  const run = ["run", "CartPole-v1", "--seeds", "1..3", "--max-steps", "12", "--out", dir];
  expect((await work.run([...run, "--keep", "digest"])).code).toBe(0);
  const shown = await work.run(["show", dir, "--seed", "2", "--json"]);
  expect(shown.code).toBe(0);
  const kept = await work.run(["show", full, "--seed", "2", "--json"]);
  expect(shown.stdout).toBe(kept.stdout);
  expect(readdirSync(join(dir, "made-again"))).toEqual(["2.trajectory"]);
  const replayed = await work.run(["replay", dir, "--seed", "3"]);
  expect(replayed.code).toBe(0);
  const exported = await work.run(["export", dir, "--steps", "--format", "jsonl"]);
  expect(exported.stdout).toBe((await work.run(["export", full, "--steps", "--format", "jsonl"])).stdout);
  expect((await work.run([...run, "--keep", "some"])).code).toBe(2);
});
