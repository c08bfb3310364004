/* What a Parquet file of a run says is what the run says; other readers were tried by hand (docs/run-folder.md). */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, it } from "vitest";

import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import { exportParquet } from "../../../../src/store/export/parquet-export.ts";
import { recordRun } from "../../../../src/store/record-run.ts";
import { RunReader } from "../../../../src/store/run-reader.ts";
import { Trajectory } from "../../../../src/trajectory/trajectory.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-parquet-"));
const config = { envName: "CartPole-v1", seeds: [3, 1, 2], maxSteps: 12 };

beforeAll(async () => {
  await recordRun({ ...config, dir: join(folder, "one") });
  await recordRun({ ...config, dir: join(folder, "two"), seeds: [1, 2, 3] });
  await recordRun({ ...config, dir: join(folder, "other"), seeds: [1, 2, 4] });
});
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

async function written(run: string, rows: "steps" | "rollouts"): Promise<string> {
  using reader = await RunReader.open(join(folder, run));
  const path = join(folder, `${run}-${rows}.parquet`);
  rmSync(path, { force: true });
  await exportParquet(reader, path, rows);
  return path;
}

/** JSON as the run prints it: integers of 64 bits are numbers there. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, own: unknown) => (typeof own === "bigint" ? Number(own) : own)),
  );
}

it("has every step of every rollout, in seed order, with types that hold arrays", async () => {
  const file = await asyncBufferFromFile(await written("one", "steps"));
  const rows = plain(await parquetReadObjects({ file })) as Record<string, unknown>[];
  using reader = await RunReader.open(join(folder, "one"));
  const expected = [1, 2, 3].flatMap((seed) => {
    const steps = [...new Trajectory(reader.trajectory(seed)).steps()];
    return steps.map((step) => ({
      seed,
      action: null,
      reward: null,
      terminated: null,
      truncated: null,
      ...step,
      info: JSON.stringify(step.info),
      is_first: step.step === 0,
      is_last: step === steps.at(-1),
    }));
  });
  expect(rows).toEqual(plain(expected));
  const { key_value_metadata: metadata = [], schema } = await parquetMetadataAsync(file);
  expect(schema.find(({ name }) => name === "element")?.type).toBe("FLOAT");
  const known = Object.fromEntries(metadata.map(({ key, value }) => [key, value ?? ""]));
  expect(JSON.parse(known["sameseed.arrays"]!)).toEqual({ observation: { dtype: "float32", shape: [4] } });
  // The message pyarrow reads as fixed_size_list<element: float not null>[4].
  expect(known["ARROW:schema"]).toMatch(/^\/\/\/\/\/[A-Za-z0-9+/=]+$/);
});

it("has a row for each rollout", async () => {
  const file = await asyncBufferFromFile(await written("one", "rollouts"));
  const rows = plain(await parquetReadObjects({ file })) as Record<string, unknown>[];
  using reader = await RunReader.open(join(folder, "one"));
  expect(rows).toEqual(
    [...reader.rows()].map(
      ({ seed, outcome, totalReward, steps, digest, contentDigest, playDigest, receipt }) => ({
        seed,
        outcome,
        return: totalReward,
        steps,
        digest,
        contentDigest,
        playDigest,
        tier: receipt.tier,
        image: receipt.image.digest,
        error: null,
      }),
    ),
  );
});

it("is the same file for the same rollouts, and another one for others", async () => {
  for (const rows of ["steps", "rollouts"] as const) {
    const [one, two, other] = [
      await written("one", rows),
      await written("two", rows),
      await written("other", rows),
    ];
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    expect(readFileSync(one).equals(readFileSync(other))).toBe(false);
  }
});

it("never writes over a file", async () => {
  const path = await written("one", "steps");
  using reader = await RunReader.open(join(folder, "one"));
  await expect(exportParquet(reader, path, "steps")).rejects.toMatchObject({ code: "bad_argument" });
});
