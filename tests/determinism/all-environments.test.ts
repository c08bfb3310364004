/*
 * Every environment of Gymnasium's classic control and toy text runs, verifies and replays, one at a time and sixteen at
 * once, from warm and from cold starts, and always to the same digests.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { isComplete } from "../../src/model/outcome.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { recordRun, type RecordRunConfig } from "../../src/store/record-run.ts";
import { RunReader } from "../../src/store/run-reader.ts";
import { replayRollout } from "../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { inParallel, listEnvironments, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const seeds = Array.from({ length: 16 }, (_, index) => 40 + index);
const maxSteps = 120;

const listed = await listEnvironments();
const skipped = listed.filter(({ id, newest }) => id !== newest);
for (const { id, newest } of skipped)
  console.log(`${id} is left out: it is deprecated, ${newest} is the newest`);
const environments = listed.filter(({ id, newest }) => id === newest).map(({ id }) => id);

async function record(name: string, config: Omit<RecordRunConfig, "dir">): Promise<string> {
  const { dir } = await recordRun({ maxSteps, ...config, dir: join(folder, name) });
  return dir;
}

async function rows(dir: string): Promise<RolloutSummary[]> {
  using reader = await RunReader.open(dir);
  return [...reader.rows()].sort((a, b) => a.seed - b.seed);
}

const digests = async (dir: string): Promise<string[]> => (await rows(dir)).map(({ digest }) => digest);

describe("the list", () => {
  it("is all of both families", () => {
    expect(environments.length).toBeGreaterThanOrEqual(10);
    expect(environments).toEqual(expect.arrayContaining(["CartPole-v1", "Pendulum-v1", "Blackjack-v1"]));
  });
});

describe.for(environments)("%s", (envName) => {
  const name = envName.replaceAll("/", "-");
  let single: string;

  it("gives the same bytes one at a time and sixteen at once", async () => {
    single = await record(`${name}-1`, { envName, seeds, concurrency: 1 });
    const sixteen = await record(`${name}-16`, { envName, seeds, concurrency: 16 });
    expect(await digests(sixteen)).toEqual(await digests(single));
    const recorded = await rows(single);
    expect(recorded.map(({ seed }) => seed)).toEqual(seeds);
    expect(recorded.filter(({ outcome }) => !isComplete(outcome))).toEqual([]);
  });

  it("verifies", async () => {
    for (const concurrency of [1, 16]) {
      expect(await verifyRun(single, { concurrency })).toMatchObject({
        verified: true,
        equal: seeds.length,
        diverged: [],
        failed: [],
        missing: 0,
      });
    }
  });

  it("replays", async () => {
    for (const concurrency of [1, 16]) {
      const replays = await inParallel(seeds.length, concurrency, async (index) => {
        return await replayRollout(single, seeds[index]!);
      });
      expect(replays.filter(({ equal }) => !equal)).toEqual([]);
      expect(replays.map(({ digest }) => digest)).toEqual(await digests(single));
    }
  });

  it("does all of it from cold starts", async () => {
    const cold = await record(`${name}-cold`, { envName, seeds: seeds.slice(0, 1), backend: "cold" });
    expect(await digests(cold)).toEqual((await digests(single)).slice(0, 1));
    expect(await verifyRun(cold)).toMatchObject({ verified: true, equal: 1 });
    expect(await replayRollout(cold, seeds[0]!)).toMatchObject({ equal: true, imageDifferences: [] });
  });
});
