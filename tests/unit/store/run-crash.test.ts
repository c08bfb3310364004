import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleExpected, sampleManifest, sampleRollout } from "./sample-rollout.ts";
import { failureOf, temporaryFolder } from "./store-fixture.ts";

const child = join(import.meta.dirname, "append-child.ts");

interface Line {
  readonly acknowledged?: number;
  readonly failure?: string;
  readonly hint?: string;
  readonly resumed?: number[];
  readonly recorded?: number;
  readonly writing?: number;
  readonly reading?: number;
  readonly rows?: number;
}

test(
  "a writer that is killed at any moment loses nothing it acknowledged",
  { timeout: 120_000 },
  async () => {
    const folder = join(temporaryFolder(), "run");
    const count = 60_000;
    await (await RunWriter.create(folder, sampleManifest(count))).close();
    const acknowledged = new Set<number>();
    let kills = 0;
    for (let round = 0; round < 24; round++) {
      const writer = spawn(process.execPath, [child, "resume", folder, String(count)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const chunks: Buffer[] = [];
      writer.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      await once(writer.stdout, "data");
      // On a busy machine a writer may have come to nothing in so short a time: every second one has acknowledged something.
      if (round % 2 === 0) while (parse(Buffer.concat(chunks)).length < 12) await once(writer.stdout, "data");
      await sleep((round * 37) % 100);
      writer.kill("SIGKILL");
      const [, signal] = (await once(writer, "close")) as [number | null, string | null];
      if (signal === "SIGKILL") kills++;
      for (const line of parse(Buffer.concat(chunks))) {
        if (line.acknowledged !== undefined) acknowledged.add(line.acknowledged);
      }
      using reader = await RunReader.open(folder);
      for (const seed of acknowledged)
        if (!reader.has(seed)) throw new Error(`Seed ${seed} is lost in round ${round}.`);
    }
    expect(kills).toBeGreaterThanOrEqual(20);
    expect(acknowledged.size).toBeGreaterThan(100);
    const writer = await RunWriter.resume(folder, sampleExpected(count));
    await writer.close();
    using reader = await RunReader.open(folder, { checkAll: true });
    let checked = 0;
    for (const row of reader.rows()) {
      expect(row).toEqual(sampleRollout(row.seed).summary);
      if (row.seed % 10 === 0)
        expect(reader.trajectory(row.seed)).toEqual(sampleRollout(row.seed).trajectory);
      checked++;
    }
    expect(checked).toBeGreaterThanOrEqual(acknowledged.size);
  },
);

test("a file size limit ends the run as a full disk does, and the run goes on without it", async () => {
  const folder = join(temporaryFolder(), "run");
  const command = `ulimit -f 200 && exec "$0" "$@"`;
  const lines = parse(execFileSync("bash", ["-c", command, process.execPath, child, "full", folder, "2000"]));
  const acknowledged = lines.flatMap((line) => line.acknowledged ?? []);
  expect(lines.at(-1)).toMatchObject({ failure: "disk_full" });
  expect(lines.at(-1)?.hint).toContain("resume");
  expect(acknowledged.length).toBeGreaterThan(20);

  const writer = await RunWriter.resume(folder, sampleExpected(2000));
  expect(writer.cut).toBeUndefined();
  expect([...writer.recorded]).toEqual(acknowledged.toSorted((a, b) => a - b));
  await writer.append(sampleRollout(1999));
  await writer.close();
  using reader = await RunReader.open(folder, { checkAll: true });
  for (const seed of acknowledged) expect(reader.trajectory(seed)).toEqual(sampleRollout(seed).trajectory);
});

test("a disk that is really full loses nothing, and the run goes on when there is room", () => {
  const disk = join(temporaryFolder(), "disk");
  mkdirSync(disk);
  // A file system of 640 KiB in a mount namespace of its own, which any user may have.
  const script = `mount -t tmpfs -o size=640k none "${disk}" && exec "$0" "$@"`;
  const result = spawnSync("unshare", [
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    script,
    process.execPath,
    child,
    "ballast",
    join(disk, "run"),
    "330",
  ]);
  expect(result.stderr.toString()).toBe("");
  const lines = parse(result.stdout);
  const failed = lines.findIndex((line) => line.failure !== undefined);
  expect(lines[failed]).toMatchObject({ failure: "disk_full" });
  const before = lines.slice(0, failed).flatMap((line) => line.acknowledged ?? []);
  expect(before.length).toBeGreaterThan(20);
  expect(lines[failed + 1]?.resumed).toEqual(before.toSorted((a, b) => a - b));
  expect(lines.at(-1)).toEqual({ recorded: 330 });
});

test("a hundred thousand rollouts are written and read in bounded memory", () => {
  const folder = join(temporaryFolder(), "run");
  const output = execFileSync(process.execPath, ["--expose-gc", child, "heap", folder, "100000"]);
  const [written, read] = parse(output);
  // Two sets of seeds and the spec's list are about 10 MB; the rows themselves would be more than 100 MB.
  expect(written?.writing).toBeLessThan(32e6);
  expect(read?.reading).toBeLessThan(32e6);
  expect(read?.rows).toBe(100_000);
});

test("a lock of a process that was killed is taken over", async () => {
  const folder = join(temporaryFolder(), "run");
  await (await RunWriter.create(folder, sampleManifest(60_000))).close();
  const writer = spawn(process.execPath, [child, "resume", folder, "60000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(writer.stdout, "data");
  const error = await failureOf(() => RunWriter.resume(folder, sampleExpected(60_000)));
  expect(error.code).toBe("run_locked");
  expect(error.context["pid"]).toBe(writer.pid);
  writer.kill("SIGKILL");
  await once(writer, "close");
  expect(JSON.parse(readFileSync(join(folder, "lock"), "utf8"))).toMatchObject({ pid: writer.pid });
  await (await RunWriter.resume(folder, sampleExpected(60_000))).close();
  expect(readdirSync(folder).filter((name) => name.startsWith("lock"))).toEqual([]);
});

function parse(output: Buffer): Line[] {
  return output
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}
