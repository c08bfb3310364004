import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";

import { discardEmptyRun } from "../../../src/store/discard-empty-run.ts";
import { recordRun } from "../../../src/store/record-run.ts";
import { runPaths } from "../../../src/store/run-folder.ts";
import { acquireRunLock } from "../../../src/store/run-lock.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleManifest, sampleRollout } from "./sample-rollout.ts";
import { temporaryFolder } from "./store-fixture.ts";

afterEach(() => void vi.restoreAllMocks());

/** Opens a run of nothing in a new folder. */
async function begin(): Promise<{ folder: string; writer: RunWriter }> {
  const folder = join(temporaryFolder(), "run");
  return { folder, writer: await RunWriter.create(folder, sampleManifest(3)) };
}

it("takes the folder away", async () => {
  const { folder, writer } = await begin();
  await writer.closeOrDiscard(false);
  expect(existsSync(folder)).toBe(false);
});

it("leaves a folder that was there before, empty", async () => {
  const { folder, writer } = await begin();
  await writer.closeOrDiscard(true);
  expect(readdirSync(folder)).toEqual([]);
});

it("leaves what is not part of a run", async () => {
  const { folder, writer } = await begin();
  writeFileSync(join(folder, "notes.txt"), "mine");
  await writer.closeOrDiscard(false);
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
});

it("leaves a run that holds something", async () => {
  const { folder, writer } = await begin();
  await writer.append(sampleRollout(0));
  await writer.closeOrDiscard(false);
  using reader = await RunReader.open(folder);
  expect(reader.size).toBe(1);
});

it("removes nothing of whoever takes the lock next", async () => {
  const { folder, writer } = await begin();
  await writer.close();
  const paths = runPaths(folder);
  const lock = acquireRunLock(paths.lock);
  let next: ReturnType<typeof acquireRunLock> | undefined;
  discardEmptyRun(paths, { release: giveWay }, false);
  function giveWay(): void {
    lock.release();
    next = acquireRunLock(paths.lock);
    writeFileSync(paths.manifest, "another's");
  }
  expect(readdirSync(folder).sort()).toEqual(["lock", "run.json"]);
  next?.release();
});

it("a run that records nothing leaves alone what another process recorded in its folder meanwhile", async () => {
  const folder = join(temporaryFolder(), "run");
  for (const name of ["close", "closeOrDiscard"] as const) {
    const original: (this: RunWriter, keepFolder: boolean) => Promise<void> = RunWriter.prototype[name];
    vi.spyOn(RunWriter.prototype, name).mockImplementation(async function (
      this: RunWriter,
      keepFolder = false,
    ) {
      vi.restoreAllMocks();
      await original.call(this, keepFolder);
      await takeOver(folder);
    });
  }
  const onOpen = (): never => {
    throw new Error("stop");
  };
  const recording = recordRun({ envName: "CartPole-v1", seeds: [0, 1, 2], dir: folder, onOpen });
  await expect(recording).rejects.toThrow("stop");
  using reader = await RunReader.open(folder);
  expect(reader.has(1)).toBe(true);
});

/** What another process can do as soon as the lock is free. */
async function takeOver(folder: string): Promise<void> {
  let writer: RunWriter;
  if (existsSync(join(folder, "run.json"))) {
    using reader = await RunReader.open(folder);
    const { spec, image, world } = reader.manifest;
    writer = await RunWriter.resume(folder, { spec, imageDigest: image.manifest.digest, world });
  } else writer = await RunWriter.create(folder, sampleManifest(3));
  await writer.append(sampleRollout(1));
  await writer.close();
}
