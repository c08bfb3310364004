import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { sha256 } from "../../../src/base/digest.ts";
import { outcomes } from "../../../src/model/outcome.ts";
import { Catalogue } from "../../../src/store/catalogue.ts";
import type { IndexedRow } from "../../../src/store/indexed-row.ts";
import { RowTable } from "../../../src/store/row-table.ts";
import { temporaryFolder } from "./store-fixture.ts";

const rewards = [1.5, null, Number.NaN, -0, Number.NEGATIVE_INFINITY];

function row(seed: number, play: string = String(seed)): IndexedRow {
  return {
    seed,
    segment: 1 + (seed % 3),
    offset: 64 + (seed % 1000) * 2 ** 20,
    outcome: outcomes[seed % outcomes.length]!,
    steps: seed % 7,
    totalReward: rewards[seed % rewards.length]!,
    play: sha256(play),
  };
}

const inSeedOrder = (rows: readonly IndexedRow[]): IndexedRow[] => [...rows].sort((a, b) => a.seed - b.seed);

test("rows are found whatever the order they came in, and a seed is taken once", () => {
  const seeds = fc.array(fc.oneof(fc.nat(40), fc.nat(Number.MAX_SAFE_INTEGER)), { maxLength: 200 });
  fc.assert(
    fc.property(seeds, fc.boolean(), (found, sorted) => {
      const table = new RowTable();
      const known = new Map<number, IndexedRow>();
      for (const seed of sorted ? [...found].sort((a, b) => a - b) : found) {
        expect(table.addRow(row(seed))).toBe(!known.has(seed));
        known.set(seed, row(seed));
      }
      expect([...table.rows()]).toStrictEqual(inSeedOrder([...known.values()]));
      expect(table.size).toBe(known.size);
      for (const seed of [...found, 7, 41]) expect(table.findRow(seed)).toStrictEqual(known.get(seed));
      expect([...table.outline()]).toStrictEqual(
        inSeedOrder([...known.values()]).map(({ seed, outcome, steps, totalReward }) => ({
          seed,
          outcome,
          steps,
          totalReward,
        })),
      );
    }),
  );
});

test("more rows than a map takes are found, whatever their order", () => {
  const mapMost = 40;
  class FullMap<K, V> extends Map<K, V> {
    override set(key: K, value: V): this {
      if (this.size >= mapMost && !this.has(key)) throw new RangeError("Map maximum size exceeded");
      return super.set(key, value);
    }
  }
  const rows = Array.from({ length: 5 * mapMost }, (_, at) => row((at * 7) % (5 * mapMost)));
  vi.stubGlobal("Map", FullMap);
  const table = new RowTable(mapMost);
  try {
    for (const own of rows) expect(table.addRow(own)).toBe(true);
    for (const own of rows) expect(table.addRow(own)).toBe(false);
  } finally {
    vi.unstubAllGlobals();
  }
  expect([...table.rows()]).toStrictEqual(inSeedOrder(rows));
  for (const own of rows) expect(table.findRow(own.seed)).toStrictEqual(own);
  expect(table.findRow(5 * mapMost)).toBeUndefined();
});

test("equal plays are found, and digests that only begin alike are not equal", () => {
  const table = new RowTable();
  const alike = Buffer.concat([sha256("3").subarray(0, 20), Buffer.alloc(12)]);
  for (const [seed, play] of ["a", "b", "a", "3", "b", "a", "d"].entries()) table.addRow(row(seed, play));
  table.addRow({ ...row(7), play: alike });
  expect([...table.sharedPlay()]).toStrictEqual([
    { play: sha256("a"), seeds: [0, 2, 5] },
    { play: sha256("b"), seeds: [1, 4] },
  ]);
});

test("a catalogue's file is read page by page up to the position that it states", () => {
  const path = join(temporaryFolder(), "catalogue.sqlite");
  const catalogue = Catalogue.create(path, "run");
  const rows = Array.from({ length: 5000 }, (_, seed) => row(seed * 2));
  for (const own of rows) catalogue.addRow(own);
  const position = { segment: 3, offset: 500 * 2 ** 20, lastOffset: 64, lastChecksum: sha256("") };
  catalogue.position = position;
  catalogue.commit();
  catalogue.close();
  const table = RowTable.ofCatalogue(path, "run");
  expect(table.position).toStrictEqual(position);
  const before = rows.filter(({ segment, offset }) => segment < 3 || offset < position.offset);
  expect(before.length).toBeGreaterThan(4000);
  expect([...table.rows()]).toStrictEqual(before);
  const foreign = RowTable.ofCatalogue(path, "another run");
  expect([foreign.size, foreign.position.offset]).toStrictEqual([0, 0]);
});
