/* What readers take together lies together, and no export has more in memory than it says. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync } from "hyparquet";
import { afterAll, expect, it } from "vitest";

import type { CborValue } from "../../../../src/model/cbor/value.ts";
import { exportMinari } from "../../../../src/store/export/minari-export.ts";
import { exportParquet } from "../../../../src/store/export/parquet-export.ts";
import { episode, int, type RecordFields } from "../../trajectory/trajectories.ts";
import { box, madeRun } from "./made-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-large-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An episode that sees one picture all the time. */
function staring(steps: number, bytes: number): RecordFields[] {
  const observation: CborValue = {
    type: "ndarray",
    dtype: "uint8",
    shape: [bytes],
    data: new Uint8Array(bytes),
  };
  return episode(steps).map((record) => (record["observation"] ? { ...record, observation } : record));
}

async function groupsOf(path: string): Promise<number[]> {
  const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(path));
  return row_groups.map(({ num_rows }) => Number(num_rows));
}

it("writes an episode of a dataset in one row group, however long: a batch of a reader ends with its group", async () => {
  const place = join(folder, "long-v0");
  const steps = 50_500;
  // The same few records over and over: only their number matters.
  const records = episode(1);
  const [reset, step, closing] = [records[0]!, records[1]!, records[2]!];
  const long = [
    reset,
    ...Array.from({ length: steps }, (_, at) => ({ ...step, k: int(at + 1) })),
    { ...closing, k: int(steps + 1) },
  ];
  const written = await exportMinari(madeRun(long, box("float32", [4])), place);
  expect(written).toMatchObject({ episodes: 1, steps });
  expect(await groupsOf(join(place, "data/0/part-0.parquet"))).toEqual([steps + 1]);
});

it("refuses an episode for a dataset that would not be in memory", async () => {
  const run = madeRun(episode(159), box("uint8", [2 ** 17]));
  await expect(exportMinari(run, join(folder, "pictures-v0"))).rejects.toThrow(/seed 1 has 20971520 numbers/);
});

it("writes pictures in groups of bounded size, and the same bytes each time", async () => {
  const size = 2 ** 24;
  const reader = madeRun(staring(5, size), box("uint8", [size]));
  const paths = [join(folder, "a.parquet"), join(folder, "b.parquet")] as const;
  for (const path of paths) await exportParquet(reader, path, "steps");
  expect(await groupsOf(paths[0])).toEqual([4, 2]);
  expect(readFileSync(paths[0]).equals(readFileSync(paths[1]))).toBe(true);
});
