import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isSameseedError } from "../../../src/base/error.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { damageableRun, range, seeds } from "./damageable-run.ts";
import { sampleExpected, sampleRollout } from "./sample-rollout.ts";
import { failureOf } from "./store-fixture.ts";

/** The offsets at which a segment's entries begin, its end included, and the kind of each. */
function entriesOf(segment: Buffer): { offset: number; kind: number }[] {
  const entries: { offset: number; kind: number }[] = [];
  for (let offset = 64; offset < segment.length; offset += 44 + segment.readUInt32LE(offset + 4)) {
    entries.push({ offset, kind: segment.readUInt8(offset + 8) });
  }
  return entries;
}

/** Whether a byte belongs to an entry that only states what was synced. */
function isStatement(segment: Buffer, byte: number): boolean {
  return entriesOf(segment).some(({ offset, kind }) => kind === 3 && offset <= byte && byte < offset + 52);
}

test("a segment cut at any byte keeps every rollout before the cut", async () => {
  const { folder, segment } = await damageableRun("killed");
  const whole = readFileSync(segment);
  const firstCut = (entriesOf(whole).at(-2)?.offset ?? 0) - 3;
  for (const length of [...range(0, 70), ...range(firstCut, whole.length)].toReversed()) {
    truncateSync(segment, length);
    using reader = await RunReader.open(folder);
    expect([...reader.rows()].map((row) => row.seed)).toEqual(range(0, rowsBefore(whole, length)));
  }
});

test(
  "a segment cut at or near a border is cut back to it, and the run goes on",
  { timeout: 120_000 },
  async () => {
    const { folder, segment } = await damageableRun("killed");
    const whole = readFileSync(segment);
    const last = entriesOf(whole).slice(-3);
    const borders = last.flatMap(({ offset }) => [
      offset - 1,
      offset,
      offset + 1,
      offset + 43,
      offset + 44,
      offset + 99,
    ]);
    for (const length of [0, 1, 63, 64, 65, ...borders, whole.length - 1, whole.length]) {
      writeFileSync(segment, whole.subarray(0, length));
      const kept = rowsBefore(whole, length);
      const writer = await RunWriter.resume(folder, sampleExpected(seeds + 2));
      expect([...writer.recorded]).toEqual(range(0, kept));
      for (const seed of range(0, seeds + 2)) await writer.append(sampleRollout(seed));
      await writer.close();
      using reader = await RunReader.open(folder, { checkAll: true });
      expect(reader.size).toBe(seeds + 2);
      for (const seed of range(0, seeds + 2))
        expect(reader.trajectory(seed)).toEqual(sampleRollout(seed).trajectory);
    }
  },
);

/** How many rows a segment has whole in its first `length` bytes. */
function rowsBefore(segment: Buffer, length: number): number {
  const entries = entriesOf(segment);
  const ends = entries.flatMap(({ kind }, index) =>
    kind === 2 ? [entries[index + 1]?.offset ?? segment.length] : [],
  );
  return ends.filter((end) => end <= length).length;
}

test("a cut is reported by the writer, and the orphaned trajectory is used again", async () => {
  const { folder, segment } = await damageableRun("killed");
  const whole = readFileSync(segment);
  const lastRow = entriesOf(whole).at(-1)?.offset ?? 0;
  truncateSync(segment, lastRow + 100);
  const writer = await RunWriter.resume(folder, sampleExpected(seeds + 2));
  expect(writer.cut).toEqual({ segment: 1, offset: lastRow, bytes: 100 });
  await writer.append(sampleRollout(seeds - 1));
  await writer.close();
  // Of the last rollout only the row was written again, then the seal.
  expect(readFileSync(segment).length).toBe(whole.length + 52);
});

test("any flipped bit of a closed run is found: never wrong data", async () => {
  const { folder, segment } = await damageableRun("closed");
  const whole = readFileSync(segment);
  const catalogue = readFileSync(join(folder, "catalogue.sqlite"));
  const seal = whole.length - 52;
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length * 8 - 1), fc.boolean(), async (bit, withCatalogue) => {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(segment, bytes);
      if (withCatalogue) writeFileSync(join(folder, "catalogue.sqlite"), catalogue);
      else rmSync(join(folder, "catalogue.sqlite"), { force: true });
      try {
        using reader = await RunReader.open(folder);
        const damaged = readEverything(reader);
        // Without the catalogue all of it was read at once: only a flip in the seal itself leaves the rest readable.
        if (!withCatalogue) expect(bit >> 3).toBeGreaterThanOrEqual(seal);
        // A statement of a sync that is not asked again carries no data.
        if (!isStatement(whole, bit >> 3)) expect(damaged).toBeGreaterThan(0);
      } catch (error) {
        if (!isSameseedError(error)) throw error;
        expect(error.code).toBe("run_damaged");
        expect(error.hint).toBeDefined();
      }
    }),
    { numRuns: 400 },
  );
});

test("a flipped bit of a killed run is damage where it was synced, and a torn tail where it was not", async () => {
  const { folder, segment } = await damageableRun("killed");
  const whole = readFileSync(segment);
  const statements = entriesOf(whole).filter(({ kind }) => kind === 3);
  const synced = Math.max(0, ...statements.map(({ offset }) => Number(whole.readBigUInt64LE(offset + 44))));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 64 * 8, max: whole.length * 8 - 1 }), async (bit) => {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(segment, bytes);
      try {
        using reader = await RunReader.open(folder);
        expect(bit >> 3).toBeGreaterThanOrEqual(synced);
        if (!isStatement(whole, bit >> 3)) expect(reader.size).toBeLessThan(seeds);
        expect(readEverything(reader)).toBe(0);
      } catch (error) {
        if (!isSameseedError(error)) throw error;
        expect(error.code).toBe("run_damaged");
        expect(bit >> 3).toBeLessThan(synced);
      }
    }),
    { numRuns: 200 },
  );
});

test("what a sync has stated to be on the disk is damage, not a torn tail", async () => {
  const { folder, segment } = await damageableRun("closed");
  const whole = readFileSync(segment);
  rmSync(join(folder, "catalogue.sqlite"));
  const third = entriesOf(whole)[3]?.offset ?? 0;
  const bytes = Buffer.from(whole);
  bytes.fill(0, third, third + 500);
  writeFileSync(segment, bytes);
  for (const open of [
    () => RunReader.open(folder),
    () => RunWriter.resume(folder, sampleExpected(seeds + 2)),
  ]) {
    const error = await failureOf(open);
    expect(error.code).toBe("run_damaged");
    expect(error.context).toMatchObject({ path: segment, segment: 1, offset: third });
  }
  expect(readFileSync(segment)).toEqual(bytes);
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

/** Reads every row and trajectory and compares; how many of them are reported as damaged. */
function readEverything(reader: RunReader): number {
  let damaged = 0;
  for (let seed = 0; seed < seeds; seed++) {
    try {
      if (!reader.has(seed)) continue;
      expect(reader.row(seed)).toEqual(sampleRollout(seed).summary);
      expect(reader.trajectory(seed)).toEqual(sampleRollout(seed).trajectory);
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      expect(error.code).toBe("run_damaged");
      damaged++;
    }
  }
  return damaged;
}
