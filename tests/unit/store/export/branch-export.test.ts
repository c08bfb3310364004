/* Branches of one rollout have its seed: an export tells them apart by their number, and reads each one's own trajectory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, expect, it } from "vitest";

import { exportLines } from "../../../../src/cli/render/export-lines.ts";
import { exportParquet } from "../../../../src/store/export/parquet-export.ts";
import type { RunReader } from "../../../../src/store/run-reader.ts";
import { summaryOf } from "../../fleet/some-rollouts.ts";
import { episode } from "../../trajectory/trajectories.ts";
import { box, madeRun } from "./made-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-branches-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numbers = [0, 1];
const parts = numbers.map((number) => madeRun(episode(number + 1), box("float32", [4])));
const reader = {
  manifest: { spec: { seats: [{}], branch: {} } },
  rows: () =>
    numbers.map((number) => summaryOf({ seed: 7, branch: { number, step: 0, parent: "", reseed: null } })),
  trajectory: (key: number) => parts[key]!.trajectory(key),
} as unknown as RunReader;

it.each(["rollouts", "steps"] as const)("has seed and branch beside each of its %s", async (rows) => {
  const path = join(folder, `${rows}.parquet`);
  await exportParquet(reader, path, rows);
  const table = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  // One step and the reset of the first, two of the second.
  const expected = (rows === "steps" ? [0, 0, 1, 1, 1] : numbers).map((branch) => ({ seed: 7, branch }));
  expect(table.map(({ seed, branch }) => ({ seed: Number(seed), branch: Number(branch) }))).toEqual(expected);
  const isSteps = rows === "steps";
  const lines = [...exportLines(reader, "jsonl", isSteps)].map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject(expected);
  const [head, ...csv] = exportLines(reader, "csv", isSteps);
  expect(head).toMatch(/^seed,branch,/);
  expect(csv.map((line) => line.slice(0, 4))).toEqual(expected.map(({ branch }) => `7,${branch},`));
});
