/* A dataset has what the run has; Minari's own loader was tried by hand (docs/guide/exports.md). */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, it } from "vitest";

import { NdArray } from "../../../../src/model/cbor/ndarray.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import { exportMinari } from "../../../../src/store/export/minari-export.ts";
import { minariSpace } from "../../../../src/store/export/minari-space.ts";
import { recordRun } from "../../../../src/store/record-run.ts";
import { RunReader } from "../../../../src/store/run-reader.ts";
import { Trajectory } from "../../../../src/trajectory/trajectory.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-minari-"));
const crashing = "def act(observation, rng, info):\n    return 0 if rng.random() < 0.9 else 1 / 0\n";

beforeAll(async () => {
  await recordRun({ envName: "CartPole-v1", seeds: [3, 1], maxSteps: 12, dir: join(folder, "pole") });
  await recordRun({ envName: "Blackjack-v1", seeds: [1], dir: join(folder, "blackjack") });
  const policy = { name: "crashing.py", source: crashing };
  await recordRun({
    envName: "FrozenLake-v1",
    seeds: [1, 2, 3, 4, 5, 6],
    policy,
    maxSteps: 6,
    dir: join(folder, "lake"),
  });
});
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

function digestOf(dataset: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(dataset, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names)
    if (/\.(?:json|parquet)$/.test(name)) hash.update(name).update(readFileSync(join(dataset, name)));
  return hash.digest("hex");
}

it("has every step of every episode, padded as Minari does, and the same bytes each time", async () => {
  using reader = await RunReader.open(join(folder, "pole"));
  const [one, two] = [join(folder, "a", "pole-v0"), join(folder, "b", "pole-v0")];
  const written = await exportMinari(reader, one);
  expect(written).toMatchObject({ id: "pole-v0", episodes: 2, leftOut: 0 });
  await exportMinari(reader, two);
  expect(digestOf(one)).toBe(digestOf(two));
  expect(readdirSync(join(folder, "a"))).toEqual(["pole-v0"]);

  const metadata = JSON.parse(readFileSync(join(one, "data/metadata.json"), "utf8")) as Record<
    string,
    string
  >;
  expect(metadata).toMatchObject({ total_episodes: 2, total_steps: written.steps, data_format: "parquet" });
  expect(JSON.parse(metadata.action_space!)).toEqual({ type: "Discrete", dtype: "int64", start: 0, n: 2 });
  expect(metadata.observation_space).toMatch(/"shape": \[4\], "low": \[-4\.8.*, -Infinity/);

  for (const [number, seed] of [1, 3].entries()) {
    const file = await asyncBufferFromFile(join(one, "data", String(number), "part-0.parquet"));
    const rows = await parquetReadObjects({ file });
    const steps = [...new Trajectory(reader.trajectory(seed)).steps()];
    expect(rows.map((row) => row.observations)).toEqual(steps.map((step) => step.observation));
    expect(rows.slice(0, -1).map((row) => Number(row.actions))).toEqual(
      steps.slice(1).map((step) => "action" in step && step.action),
    );
    expect(rows.slice(0, -1).map((row) => row.rewards)).toEqual(
      steps.slice(1).map((step) => "reward" in step && step.reward),
    );
    expect(rows.at(-2)).toMatchObject({ terminations: false, truncations: true });
    const { num_rows, key_value_metadata } = await parquetMetadataAsync(file);
    expect(Number(num_rows)).toBe(steps.length);
    expect(key_value_metadata?.map(({ key }) => key)).toEqual(["ARROW:schema", "sameseed.rollout"]);
  }
});

it("leaves out what is no complete episode, and says how many", async () => {
  using reader = await RunReader.open(join(folder, "lake"));
  const { episodes, leftOut } = await exportMinari(reader, join(folder, "lake-v0"));
  expect(episodes + leftOut).toBe(6);
  expect(leftOut).toBe([...reader.rows()].filter(({ error }) => error !== undefined).length);
  expect(episodes * leftOut).toBeGreaterThan(0);
});

it("refuses what Minari has no form for, and leaves nothing", async () => {
  using reader = await RunReader.open(join(folder, "blackjack"));
  const before = readdirSync(folder);
  await expect(exportMinari(reader, join(folder, "cards-v0"))).rejects.toMatchObject({
    code: "bad_argument",
  });
  await expect(exportMinari(reader, join(folder, "cards"))).rejects.toThrow(/not the name of a dataset/);
  await expect(exportMinari(reader, folder)).rejects.toMatchObject({ code: "bad_argument" });
  expect(readdirSync(folder)).toEqual(before);
});

it("writes spaces as Minari reads them", () => {
  const low = new NdArray("uint8", Uint8Array.of(0), []);
  const high = new NdArray("uint8", Uint8Array.of(255), []);
  const picture = minariSpace({ type: "Box", dtype: "uint8", shape: [2, 1], low, high }, "observation");
  expect(JSON.parse(picture.serialized)).toMatchObject({
    shape: [2, 1],
    low: [[0], [0]],
    high: [[255], [255]],
  });
  expect(picture.kind).toMatchObject({ kind: "list", element: "int32", length: 2, exact: true });
  const binary = minariSpace({ type: "MultiBinary", dtype: "int8", shape: [3] }, "action");
  expect(JSON.parse(binary.serialized)).toEqual({ type: "MultiBinary", n: 3 });
  const nvec = new NdArray("int64", BigInt64Array.of(2n, 3n), [2]);
  const start = new NdArray("int64", BigInt64Array.of(0n, 0n), [2]);
  const multi = minariSpace({ type: "MultiDiscrete", dtype: "int64", shape: [2], nvec, start }, "action");
  expect(JSON.parse(multi.serialized)).toMatchObject({ nvec: [2, 3], start: [0, 0] });
  expect(() => minariSpace(undefined, "action")).toThrow(/not in the recording/);
});
