import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { digestOf } from "../../src/base/digest.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { RunReader } from "../../src/store/run-reader.ts";
import { RunWriter } from "../../src/store/run-writer.ts";
import { Library } from "../../src/view/library.ts";
import { OpenRuns } from "../../src/view/open-runs.ts";
import { readViewDocument } from "../../src/view/read-document.ts";
import { recordScreens, timePages } from "./view-pages.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const rounds = 5;
/** How long a reader waits for the page of a large run, at most. */
const pageMostMs = 2000;

/** Records one rollout, and a run of as many that are like it. */
async function makeRun(folder: string, count: number, image: string): Promise<string> {
  const seed = join(folder, "one");
  await recordRun({ envName: "CartPole-v1", seeds: [0], image, dir: seed });
  using reader = await RunReader.open(seed);
  const { manifest } = reader;
  const [summary, trajectory] = [reader.row(0), reader.trajectory(0)];
  const seeds = Array.from({ length: count }, (_, at) => at);
  const dir = join(folder, "many");
  const writer = await RunWriter.create(dir, {
    ...manifest,
    runId: "many",
    spec: { ...manifest.spec, seeds },
  });
  const rest = seeds.values();
  const append = async (): Promise<void> => {
    for (const own of rest) {
      const row = { ...summary, seed: own, playDigest: digestOf(String(own)) };
      await writer.append({ summary: row, trajectory, seats: [] });
    }
  };
  await Promise.all(Array.from({ length: 64 }, append));
  await writer.close();
  return dir;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function readAllRows(dir: string): Promise<void> {
  using reader = await RunReader.open(dir);
  for (const row of reader.rows()) if (row.steps < 0) throw new Error("a rollout has no steps");
}

async function openInViewer(dir: string): Promise<void> {
  using runs = new OpenRuns(new Library([dir]));
  JSON.stringify(await readViewDocument(runs, "run/many", { served: true }));
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-bench-view-"));
  try {
    const count = quick ? 20_000 : 100_000;
    say(`a run of ${count} rollouts`);
    const dir = await makeRun(folder, count, image);
    const [viewed, read]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      viewed.push(await timed(async () => await openInViewer(dir)));
      read.push(await timed(async () => await readAllRows(dir)));
    }
    const screens = quick ? 100 : 1000;
    say(`a rollout of ${screens} screens of 100 kB`);
    await recordScreens(folder, image, screens);
    await recordScreens(folder, image, 3);
    const row = "[role=gridcell] a";
    const last = (steps: number): string => `[role=row][aria-selected=true][aria-rowindex="${steps + 3}"]`;
    const pages = await timePages(
      folder,
      [
        [
          { name: `page of ${count} rollouts`, hash: "#many", shows: row },
          { name: "page of one", hash: "#one", shows: row },
        ],
        [
          {
            name: `page of a rollout of ${Math.round(screens / 10)} MB, to its last step`,
            hash: `#screens-${screens}/1`,
            shows: ".detail dl",
            press: ["End", last(screens)],
          },
          {
            name: "page of one of 300 kB, to its last step",
            hash: "#screens-3/1",
            shows: ".detail dl",
            press: ["End", last(3)],
          },
        ],
      ],
      pageMostMs,
    );
    return [
      ...pages,
      { name: `open a run of ${count} rollouts in the viewer`, value: median(viewed), unit: "ms" },
      { name: "read every row of it", value: median(read), unit: "ms" },
      {
        name: "open / read every row",
        value: median(viewed) / median(read),
        unit: "x",
        reach: { most: 0.6 },
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The viewer's document of a large run. */
export const viewScenario: Scenario = {
  name: "view",
  about:
    "the document that the viewer opens a run with, against reading every row; its pages of large recordings in Chromium, against those of small ones",
  run,
};
