/* A row can be written by anybody: what follows from its records is found to be another, by a verification and by a replay. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import type { RolloutSummary } from "../../../src/model/rollout.ts";
import { recordRun } from "../../../src/store/record-run.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { replayRollout } from "../../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../../src/verify/verify-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-altered-"));
const honest = join(folder, "honest");

beforeAll(async () => {
  await recordRun({ envName: "CartPole-v1", seeds: [1, 2], dir: honest });
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

/** The same run with another row for seed 1. */
async function altered(
  name: string,
  change: (row: RolloutSummary) => Partial<RolloutSummary>,
): Promise<string> {
  const dir = join(folder, name);
  using reader = await RunReader.open(honest);
  const writer = await RunWriter.create(dir, reader.manifest);
  for (const row of reader.rows()) {
    const summary = row.seed === 1 ? { ...row, ...change(row) } : row;
    await writer.append({ summary, trajectory: reader.trajectory(row.seed), seats: [] });
  }
  await writer.close();
  return dir;
}

it("a copy with the same rows is verified and replayed", async () => {
  const dir = await altered("same", () => ({}));
  expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 2 });
  expect(await replayRollout(dir, 1)).toMatchObject({ equal: true });
});

it.for([
  ["totalReward", () => ({ totalReward: 99 }), 99],
  ["steps", ({ steps }) => ({ steps: steps + 70 }), undefined],
  ["playDigest", () => ({ playDigest: `sha256:${"0".repeat(64)}` }), undefined],
] as const satisfies readonly (readonly [
  string,
  (row: RolloutSummary) => Partial<RolloutSummary>,
  unknown,
])[])("one with another %s is not", async ([field, change, expected]) => {
  const dir = await altered(field, change);
  const { verified, equal, diverged } = await verifyRun(dir);
  expect({ verified, equal }).toEqual({ verified: false, equal: 1 });
  expect(diverged[0]).toMatchObject({ seed: 1, firstDivergence: { field, path: field, differing: [field] } });
  if (expected !== undefined) expect(diverged[0]!.firstDivergence.expected).toBe(expected);
  expect(await replayRollout(dir, 1)).toMatchObject({ equal: false, firstDivergence: { field } });
});

it("one that says that something else was seeded is not verified", async () => {
  const dir = await altered("seeded", () => ({ seeded: ["x"] }));
  expect((await verifyRun(dir)).diverged[0]).toMatchObject({ seed: 1, firstDivergence: { field: "seeded" } });
});

it("one whose receipt names another image is damaged", async () => {
  const dir = await altered("image", ({ receipt }) => ({
    receipt: { ...receipt, image: { ...receipt.image, digest: `sha256:${"0".repeat(64)}` } },
  }));
  await expect(verifyRun(dir)).rejects.toMatchObject({ code: "run_damaged" });
});
