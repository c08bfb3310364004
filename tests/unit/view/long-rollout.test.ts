/* A trajectory of a hundred megabytes is read in parts: no document holds much of it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { join } from "node:path";

import { RunWriter } from "../../../src/store/run-writer.ts";
import { chainOf } from "../../../src/trajectory/trajectory-chain.ts";
import { Library } from "../../../src/view/library.ts";
import { OpenRuns } from "../../../src/view/open-runs.ts";
import { readViewDocument } from "../../../src/view/read-document.ts";
import { sampleManifest, sampleRollout } from "../store/sample-rollout.ts";
import { episode, store } from "../trajectory/trajectories.ts";
import { Folder } from "./recorded-folder.ts";

const steps = 1000;
const pixels = 210 * 160 * 3;
const folder = new Folder();
let runs: OpenRuns;
let bytes = 0;

beforeAll(async () => {
  const screen = new Uint8Array(pixels);
  for (let at = 0; at < pixels; at++) screen[at] = (at * 7919) >> 3;
  const records = episode(steps).map((record, k) => {
    if (record["observation"] === undefined) return record;
    const data = screen.slice();
    data[k] = 255;
    return {
      ...record,
      observation: { type: "ndarray" as const, dtype: "uint8" as const, shape: [210, 160, 3], data },
    };
  });
  const trajectory = store(records);
  bytes = trajectory.length;
  const { digests } = chainOf(trajectory);
  const sample = sampleRollout(0, { digest: digests.digest, contentDigest: digests.contentDigest, steps });
  const writer = await RunWriter.create(join(folder.path, "long"), sampleManifest(1));
  await writer.append({ ...sample, trajectory });
  await writer.close();
  runs = new OpenRuns(new Library([folder.path]));
});
afterAll(() => {
  runs[Symbol.dispose]();
  folder[Symbol.dispose]();
});

it.for<readonly [path: string, mostKb: number]>([
  ["rollout/long/0", 8],
  ["series/long/0", 80],
  ["steps/long/0/0", 250],
  ["steps/long/0/20", 250],
  ["value/long/0/999/observation", 800],
  ["value/long/0/999/reward", 1],
])("%s has at most %d kB", async ([path, most]) => {
  expect(bytes).toBeGreaterThan(100_000_000);
  const text = JSON.stringify(await readViewDocument(runs, path, { served: true }));
  expect(text.length).toBeGreaterThan(50);
  expect(text.length).toBeLessThanOrEqual(most * 1000);
});
