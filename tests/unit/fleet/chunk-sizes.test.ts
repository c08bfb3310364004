import { expect, it } from "vitest";

import { ChunkSizes } from "../../../src/fleet/drive/chunk-sizes.ts";

it("begins with one rollout and grows to what takes some seconds", () => {
  const sizes = new ChunkSizes();
  const chosen: number[] = [];
  for (let at = 0; at < 8; at++) {
    const rollouts = sizes.next(1_000_000, 4);
    chosen.push(rollouts);
    sizes.learn({ rollouts, wallMs: rollouts * 5, bytes: rollouts * 1000 });
  }
  expect(chosen).toEqual([1, 8, 64, 512, 600, 600, 600, 600]);
});

it("cuts the rest small, so that hosts finish together", () => {
  const sizes = new ChunkSizes();
  sizes.learn({ rollouts: 600, wallMs: 3000, bytes: 1 });
  expect([10_000, 1_000, 100, 10, 1].map((left) => sizes.next(left, 4))).toEqual([600, 125, 13, 2, 1]);
});

it("keeps slow rollouts apart and packs of large ones small", () => {
  const slow = new ChunkSizes();
  slow.learn({ rollouts: 1, wallMs: 60_000, bytes: 1 });
  expect(slow.next(1000, 2)).toBe(1);
  const large = new ChunkSizes();
  large.learn({ rollouts: 100, wallMs: 100, bytes: 100 * 8 * 2 ** 20 });
  expect(large.next(10_000, 2)).toBe(4);
});
