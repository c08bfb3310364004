import fc from "fast-check";
import { expect, it } from "vitest";

import {
  type Chunk,
  chunkBytesMost,
  chunkKey,
  halves,
  rangesMost,
  rangesOf,
  readChunk,
  seedCount,
  seedsOf,
  takeSeeds,
} from "../../../src/fleet/chunk.ts";

const seedList = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 50 });

it("keeps seeds and their order in ranges", () => {
  fc.assert(
    fc.property(seedList, (seeds) => {
      expect([...seedsOf(rangesOf(seeds))]).toEqual(seeds);
    }),
  );
});

it("takes every seed once, however chunks are cut", () => {
  fc.assert(
    fc.property(seedList, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (seeds, sizes) => {
      const rest = rangesOf(seeds);
      const taken: number[] = [];
      for (let at = 0; rest.length > 0; at++) {
        const size = sizes[at % sizes.length]!;
        const own = takeSeeds(rest, size);
        expect(seedCount(own)).toBeGreaterThan(0);
        expect(seedCount(own)).toBeLessThanOrEqual(size);
        expect(own.length).toBeLessThanOrEqual(rangesMost);
        taken.push(...seedsOf(own));
      }
      expect(taken).toEqual(seeds);
    }),
  );
});

it("halves chunks down to the one seed", () => {
  fc.assert(
    fc.property(seedList, (seeds) => {
      const parts = halves(rangesOf(seeds));
      if (seeds.length < 2) {
        expect(parts).toBeUndefined();
        return;
      }
      expect(parts!.flatMap((part) => [...seedsOf(part)])).toEqual(seeds);
      for (const part of parts!) expect(seedCount(part)).toBeLessThan(seeds.length);
    }),
  );
});

it("is at most a kilobyte in the queue, whatever its seeds", () => {
  const first = Number.MAX_SAFE_INTEGER - 100_000;
  const seeds = takeSeeds(rangesOf(Array.from({ length: 100 }, (_, at) => first + 2 * at)), 50_000);
  const chunk: Chunk = {
    v: 1,
    id: `20261128-101354-ca097ffd.${"0".repeat(24)}.audit`,
    batch: "20261128-101354-ca097ffd",
    spec: "f".repeat(64),
    seeds,
    purpose: "audit",
    notHosts: ["h".repeat(64), "i".repeat(64)],
  };
  expect(JSON.stringify(chunk).length).toBeLessThanOrEqual(chunkBytesMost);
  expect(readChunk(JSON.parse(JSON.stringify(chunk)))).toEqual(chunk);
});

it("has another key for every other spec or list of seeds", () => {
  const keys = [
    chunkKey("a", [[1, 2]]),
    chunkKey("b", [[1, 2]]),
    chunkKey("a", [[1, 3]]),
    chunkKey("a", [
      [1, 1],
      [2, 1],
    ]),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

it("refuses what is no chunk", () => {
  const good = { v: 1, id: "b.1", batch: "b", spec: "0".repeat(64), seeds: [[0, 1]], purpose: "run" };
  expect(readChunk(good)).toEqual(good);
  const bad = [
    null,
    { ...good, v: 2 },
    { ...good, seeds: [] },
    { ...good, seeds: [[0, 50_001]] },
    { ...good, seeds: Array.from({ length: 3 }, () => [0, 50_000]) },
    { ...good, seeds: [[-1, 1]] },
    { ...good, spec: "../../etc/passwd" },
    { ...good, id: "a:b" },
    { ...good, more: 1 },
  ];
  for (const value of bad) expect(() => readChunk(value)).toThrow(/no chunk/);
});
