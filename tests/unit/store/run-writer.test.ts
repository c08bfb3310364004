import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RunManifest } from "../../../src/model/run-manifest.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleExpected, sampleManifest, sampleRollout, sampleSpec } from "./sample-rollout.ts";
import { failureOf, temporaryFolder } from "./store-fixture.ts";

test("what was appended is read back, in seed order, with its bytes", async () => {
  const folder = join(temporaryFolder(), "new", "run");
  const writer = await RunWriter.create(folder, sampleManifest(20));
  const seeds = [7, 3, 19, 0, 11];
  expect(await Promise.all(seeds.map((seed) => writer.append(sampleRollout(seed))))).toEqual(
    seeds.map(() => true),
  );
  await writer.close();

  using reader = await RunReader.open(folder);
  expect(reader.manifest).toEqual(sampleManifest(20));
  const sorted = [0, 3, 7, 11, 19];
  expect([...reader.rows()]).toEqual(sorted.map((seed) => sampleRollout(seed).summary));
  for (const seed of sorted) expect(reader.trajectory(seed)).toEqual(sampleRollout(seed).trajectory);
  expect([...reader.missing()]).toEqual(sampleSpec(20).seeds.filter((seed) => !sorted.includes(seed)));
});

test("numbers that JSON cannot write survive", async () => {
  const folder = temporaryFolder();
  const rewards = [Number.NaN, Infinity, -Infinity, -0, 0.1 + 0.2, 5e-324];
  const writer = await RunWriter.create(folder, sampleManifest(rewards.length));
  for (const [seed, totalReward] of rewards.entries())
    await writer.append(sampleRollout(seed, { totalReward }));
  await writer.close();
  using reader = await RunReader.open(folder);
  expect([...reader.rows()].map((row) => row.totalReward)).toEqual(rewards);
  expect(reader.row(1).totalReward).toBe(Infinity);
  expect(Object.is(reader.row(3).totalReward, -0)).toBe(true);
});

test("sums of rewards that are no numbers survive, are counted elementwise, and are found after a rebuild", async () => {
  const folder = temporaryFolder();
  const rewards = [[1, Number.NaN], [2, -0], { a: [1], b: Infinity }, null];
  const writer = await RunWriter.create(folder, sampleManifest(rewards.length));
  for (const [seed, totalReward] of rewards.entries())
    await writer.append(sampleRollout(seed, { totalReward, outcome: "terminated" }));
  await writer.close();
  const read = async (): Promise<unknown> => {
    using reader = await RunReader.open(folder);
    return [[...reader.rows()].map((row) => row.totalReward), reader.statistics().meanReward];
  };
  expect(await read()).toEqual([rewards, null]);
  const two = temporaryFolder();
  const short = await RunWriter.create(two, sampleManifest(2));
  for (const [seed, totalReward] of [
    [1, 3],
    [2, -1],
  ].entries())
    await short.append(sampleRollout(seed, { totalReward, outcome: "terminated" }));
  await short.close();
  using reader = await RunReader.open(two);
  expect(reader.statistics().meanReward).toEqual([1.5, 1]);
});

test("a seed is recorded once, whether it comes again later, at the same time or after a resume", async () => {
  const folder = temporaryFolder();
  const writer = await RunWriter.create(folder, sampleManifest(5));
  expect(await Promise.all([writer.append(sampleRollout(1)), writer.append(sampleRollout(1))])).toEqual([
    true,
    false,
  ]);
  expect(await writer.append(sampleRollout(1))).toBe(false);
  await writer.close();
  const size = statSync(join(folder, "segments", "000001.seg")).size;

  const resumed = await RunWriter.resume(folder, sampleExpected(5));
  expect([...resumed.recorded]).toEqual([1]);
  expect(resumed.cut).toBeUndefined();
  expect(await resumed.append(sampleRollout(1, { totalReward: 99 }))).toBe(false);
  await resumed.close();
  expect(statSync(join(folder, "segments", "000001.seg")).size).toBe(size);
  using reader = await RunReader.open(folder);
  expect(reader.row(1).totalReward).toBe(0.5);
});

test("equal recorded bytes are stored once", async () => {
  const folder = temporaryFolder();
  const trajectory = Buffer.alloc(100_000, "incompressible?");
  const writer = await RunWriter.create(folder, sampleManifest(5));
  await writer.append({ ...sampleRollout(0), trajectory });
  await Promise.all([1, 2].map((seed) => writer.append({ ...sampleRollout(seed), trajectory })));
  await writer.close();
  using reader = await RunReader.open(folder);
  const entries = readFileSync(join(folder, "segments", "000001.seg")).toString("latin1");
  expect(entries.split("\xf5SSE").length - 1).toBe(1 + 3 + 1);
  for (const seed of [0, 1, 2]) expect(reader.trajectory(seed)).toEqual(trajectory);
});

test("segments rotate, and a resumed writer goes on in the last one", async () => {
  const folder = temporaryFolder();
  const options = { segmentBytes: 8192 };
  const writer = await RunWriter.create(folder, sampleManifest(60), options);
  await Promise.all(sampleSpec(30).seeds.map((seed) => writer.append(sampleRollout(seed))));
  await writer.close();
  const resumed = await RunWriter.resume(folder, sampleExpected(60), options);
  for (let seed = 30; seed < 60; seed++) await resumed.append(sampleRollout(seed));
  await resumed.append(sampleRollout(5));
  await resumed.close();
  const segments = readdirSync(join(folder, "segments"));
  expect(segments.length).toBeGreaterThan(5);
  for (const name of segments)
    expect(statSync(join(folder, "segments", name)).size).toBeLessThanOrEqual(8192 + 52);
  for (const checkAll of [false, true]) {
    using reader = await RunReader.open(folder, { checkAll });
    expect(reader.size).toBe(60);
    for (let seed = 0; seed < 60; seed++)
      expect(reader.trajectory(seed)).toEqual(sampleRollout(seed).trajectory);
  }
});

test("a rollout larger than a segment gets one of its own", async () => {
  const folder = temporaryFolder();
  const trajectory = Buffer.from(
    Array.from({ length: 50_000 }, (_, index) => (index * index * 2654435761) >>> 13),
  );
  const writer = await RunWriter.create(folder, sampleManifest(3), { segmentBytes: 4096 });
  for (const seed of [0, 1, 2])
    await writer.append({ ...sampleRollout(seed), trajectory: Buffer.concat([trajectory, Buffer.of(seed)]) });
  await writer.close();
  using reader = await RunReader.open(folder);
  expect(reader.trajectory(2)).toEqual(Buffer.concat([trajectory, Buffer.of(2)]));
});

test("a second writer is refused while the first lives, in the same process too", async () => {
  const folder = temporaryFolder();
  const writer = await RunWriter.create(folder, sampleManifest(5));
  const error = await failureOf(() => RunWriter.resume(folder, sampleExpected(5)));
  expect(error.code).toBe("run_locked");
  expect(error.context["pid"]).toBe(process.pid);
  await writer.append(sampleRollout(1));
  await writer.close();
  await writer.close();
  const next = await RunWriter.resume(folder, sampleExpected(5));
  expect(next.recorded.has(1)).toBe(true);
  await next.close();
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

test("a folder that is already a run, or holds something else, is not written to", async () => {
  const folder = temporaryFolder();
  await (await RunWriter.create(folder, sampleManifest(5))).close();
  expect((await failureOf(() => RunWriter.create(folder, sampleManifest(5)))).code).toBe("run_exists");
  const other = temporaryFolder();
  writeFileSync(join(other, "thesis.tex"), "");
  expect((await failureOf(() => RunWriter.create(other, sampleManifest(5)))).code).toBe("bad_argument");
  expect(readdirSync(other)).toEqual(["thesis.tex"]);
});

test("resuming another spec, image or world names what differs", async () => {
  const folder = temporaryFolder();
  await (await RunWriter.create(folder, sampleManifest(5))).close();
  const spec = { ...sampleSpec(6), maxSteps: 3 };
  const other = { spec, imageDigest: "00".repeat(32), world: "host" } as const;
  const error = await failureOf(() => RunWriter.resume(folder, other));
  expect(error.code).toBe("run_differs");
  expect(error.context["differences"]).toEqual(["maxSteps", "seeds", "image", "world"]);
  const missing = await failureOf(() => RunWriter.resume(temporaryFolder(), sampleExpected(5)));
  expect(missing.code).toBe("run_missing");
});

test("going on with a run that is taken away before its lock is had finds none, and makes none", async () => {
  const folder = temporaryFolder();
  await (await RunWriter.create(folder, sampleManifest(5))).close();
  const expected = sampleExpected(5);
  const between = {
    ...expected,
    // Asked for when the run was read, and its lock not yet taken.
    get world() {
      rmSync(join(folder, "run.json"), { force: true });
      return expected.world;
    },
  };
  expect((await failureOf(() => RunWriter.resume(folder, between))).code).toBe("run_missing");
  expect(readdirSync(folder)).not.toContain("lock");
});

test("source texts and actions lie beside run.json and come back exactly", async () => {
  const folder = temporaryFolder();
  const text = "class Env:\n    pass  # ü \u{1f600}\r\n";
  const spec = {
    ...sampleSpec(2),
    environment: { kind: "file" as const, name: "my_env.py", className: "Env", source: text },
    seats: [
      { seat: "X", policy: { kind: "actions" as const, actions: [0, -0, 1.5, [1, { a: null }], "x"] } },
      { seat: "O", policy: { kind: "none" as const } },
    ],
    clocks: { moveCpuMs: 1, bankCpuMs: 2, moveWallMs: 3 },
    envArgs: { gravity: -0, nested: { list: [1, 2] } },
  };
  const manifest: RunManifest = sampleManifest(2, spec);
  await (await RunWriter.create(folder, manifest)).close();
  expect(readdirSync(join(folder, "inputs")).length).toBe(2);
  expect(readFileSync(join(folder, "run.json"), "utf8")).not.toContain("class Env");
  using reader = await RunReader.open(folder);
  expect(reader.manifest).toStrictEqual(manifest);
});

test("what cannot be read back is refused, and the others go on", async () => {
  const folder = temporaryFolder();
  const writer = await RunWriter.create(folder, sampleManifest(5));
  const bad = [
    sampleRollout(99),
    sampleRollout(1, { digest: "not a digest" }),
    sampleRollout(1, { timings: { startMs: Number.NaN, runMs: 0, totalMs: 0 } }),
    sampleRollout(1, { warnings: ["x".repeat(17 * 1024 * 1024)] }),
  ];
  const failures = await Promise.all(bad.map((rollout) => failureOf(() => writer.append(rollout))));
  expect(failures.map((error) => error.code)).toEqual(bad.map(() => "bad_argument"));
  expect(await writer.append(sampleRollout(1))).toBe(true);
  await writer.close();
  expect((await failureOf(() => writer.append(sampleRollout(2)))).code).toBe("bad_argument");
});

test("a folder made by a crash before run.json was there can still become a run", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "segments"));
  mkdirSync(join(folder, "inputs"));
  writeFileSync(join(folder, "run.json.1234.abcd.tmp"), "{");
  await (await RunWriter.create(folder, sampleManifest(5))).close();
  using reader = await RunReader.open(folder);
  expect(reader.size).toBe(0);
});

test("any sequence of appends, closes and crashes keeps every acknowledged rollout", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ append: fc.array(fc.nat(29), { minLength: 1, maxLength: 8 }) }) },
    { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.integer({ min: 4096, max: 40_000 }),
      async (steps, segmentBytes) => {
        const folder = temporaryFolder();
        const options = { segmentBytes, syncEveryMs: 1 };
        let writer = await RunWriter.create(folder, sampleManifest(30), options);
        const acknowledged = new Set<number>();
        for (const action of steps) {
          if ("reopen" in action) {
            await writer.close();
            writer = await RunWriter.resume(folder, sampleExpected(30), options);
            continue;
          }
          const before = new Set(acknowledged);
          const results = await Promise.all(action.append.map((seed) => writer.append(sampleRollout(seed))));
          for (const [index, seed] of action.append.entries()) {
            expect(results[index]).toBe(!before.has(seed) && action.append.indexOf(seed) === index);
            acknowledged.add(seed);
          }
          // A reader beside the writer sees everything that was acknowledged.
          using beside = await RunReader.open(folder);
          expect([...beside.rows()].map((row) => row.seed)).toEqual([...acknowledged].sort((a, b) => a - b));
        }
        await writer.close();
        using reader = await RunReader.open(folder, { checkAll: true });
        for (const seed of acknowledged)
          expect(reader.trajectory(seed)).toEqual(sampleRollout(seed).trajectory);
        expect(reader.size).toBe(acknowledged.size);
      },
    ),
    { numRuns: 25 },
  );
});
