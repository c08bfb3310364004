import fc from "fast-check";
import { expect, it } from "vitest";

import { sha256 } from "../../../src/base/digest.ts";
import { LeafTable } from "../../../src/fleet/leaf-table.ts";

it("holds what a map holds", () => {
  const numbers = fc.uniqueArray(fc.oneof(fc.nat(300), fc.maxSafeNat()), { maxLength: 200 });
  fc.assert(
    fc.property(numbers, fc.array(fc.nat(300)), (all, asked) => {
      const table = new LeafTable();
      const map = new Map(all.toSorted((a, b) => a - b).map((number) => [number, sha256(String(number))]));
      for (const [number, leaf] of map) table.add(number, leaf);
      expect(table.size).toBe(map.size);
      expect([...table.numbers()]).toEqual([...map.keys()]);
      expect([...table.values()]).toEqual([...map.values()]);
      for (const number of [...all, ...asked]) {
        expect(table.get(number)).toEqual(map.get(number));
        expect(table.has(number)).toBe(map.has(number));
      }
    }),
  );
});

it("takes numbers in ascending order only", () => {
  const table = new LeafTable();
  table.add(3, sha256("3"));
  for (const number of [3, 2]) expect(() => table.add(number, sha256("other"))).toThrow("after 3");
});
