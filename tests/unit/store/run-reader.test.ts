import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "../../../src/base/digest.ts";
import type { RolloutSummary } from "../../../src/model/rollout.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleExpected, sampleManifest, sampleRollout } from "./sample-rollout.ts";
import { failureOf, temporaryFolder } from "./store-fixture.ts";

async function recordedRun(
  count: number,
  changes: (seed: number) => Partial<RolloutSummary>,
): Promise<string> {
  const folder = temporaryFolder();
  const writer = await RunWriter.create(folder, sampleManifest(count + 1));
  for (let seed = count - 1; seed >= 0; seed--) await writer.append(sampleRollout(seed, changes(seed)));
  await writer.close();
  return folder;
}

test("faults are counted and never become a reward", async () => {
  const kinds = ["terminated", "truncated", "env_error", "wall_limit", "terminated"] as const;
  const rewards = [1, 3, 1e9, Number.NaN, 5];
  const folder = await recordedRun(5, (seed) => ({
    outcome: kinds[seed] ?? "killed",
    totalReward: rewards[seed] ?? 0,
    steps: 2,
  }));
  using reader = await RunReader.open(folder);
  expect(reader.statistics()).toEqual({
    rollouts: 5,
    missing: 1,
    outcomes: { terminated: 2, truncated: 1, env_error: 1, wall_limit: 1 },
    steps: 10,
    meanReturn: 3,
    meanReward: 3,
  });
});

test("an empty run has no mean", async () => {
  using reader = await RunReader.open(await recordedRun(0, () => ({})));
  expect(reader.statistics()).toEqual({
    rollouts: 0,
    missing: 1,
    outcomes: {},
    steps: 0,
    meanReturn: null,
    meanReward: null,
  });
});

test("different seeds that recorded the same are named together", async () => {
  const folder = await recordedRun(7, (seed) => ({
    playDigest: digestOf([`a`, `b`, `a`, `c`, `b`, `a`, `d`][seed] ?? ""),
  }));
  using reader = await RunReader.open(folder);
  expect([...reader.identicalTrajectories()]).toEqual([
    { playDigest: digestOf("a"), seeds: [0, 2, 5] },
    { playDigest: digestOf("b"), seeds: [1, 4] },
  ]);
});

test("a seed that is not recorded is said to be missing", async () => {
  using reader = await RunReader.open(await recordedRun(3, () => ({})));
  expect([...reader.missing()]).toEqual([3]);
  for (const ask of [() => reader.row(3), () => reader.trajectory(99)]) {
    expect((await failureOf(ask)).code).toBe("run_missing");
  }
});

test("a caller's own check sees the bytes and the row, and its error passes through", async () => {
  using reader = await RunReader.open(await recordedRun(3, () => ({})));
  reader.trajectory(2, (recorded, summary) => expect(digestOf(recorded)).toBe(summary.digest));
  const refuse = (): never => {
    throw new RangeError("not a chain");
  };
  expect(() => reader.trajectory(2, refuse)).toThrow(RangeError);
});

test("reading writes nothing, not even beside an active writer", async () => {
  const folder = await recordedRun(4, () => ({}));
  const writer = await RunWriter.resume(folder, sampleExpected(5));
  const before = snapshot(folder);
  {
    using reader = await RunReader.open(folder);
    expect(reader.size).toBe(4);
    await writer.append(sampleRollout(4));
    // It reads the run as it was when it was opened.
    expect(reader.has(4)).toBe(false);
    expect(reader.trajectory(1)).toEqual(sampleRollout(1).trajectory);
    using next = await RunReader.open(folder);
    expect(next.trajectory(4)).toEqual(sampleRollout(4).trajectory);
  }
  expect(Object.keys(snapshot(folder))).toEqual(Object.keys(before));
  await writer.close();
});

test("a folder that cannot be written to is read", async () => {
  const folder = await recordedRun(4, () => ({}));
  const script = join(import.meta.dirname, "read-child.ts");
  chmodSync(join(folder, "catalogue.sqlite"), 0o444);
  // Even root cannot write to a mount that is read-only.
  const mount = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/x" 2>/dev/null && exec "$0" "$2" "$1"`;
  const output = execFileSync("unshare", [
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    mount,
    process.execPath,
    folder,
    script,
  ]);
  expect(JSON.parse(output.toString())).toEqual({ seeds: [0, 1, 2, 3] });
});

function snapshot(folder: string): Record<string, number> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(names.map((name) => [name, statSync(join(folder, name)).size]));
}
