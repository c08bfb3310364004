import fc from "fast-check";
import { expect, test } from "vitest";
import { SequentialPairs } from "../../../../src/evaluate/matchup/sequential-pairs.ts";
import {
  blockKeys,
  blocksOf,
  keysOf,
  pairsPerBlock,
  placesOf,
} from "../../../../src/evaluate/matchup/unit-keys.ts";

const options = { elo0: 0, elo1: 50 };
const points = fc.array(fc.constantFrom(0, 0.5, 1, 1.5, 2), { minLength: 0, maxLength: pairsPerBlock });
const blocks = fc.array(points, { minLength: 1, maxLength: 40 });

test("the order in which blocks finish changes neither the verdict nor what it rests on", () => {
  fc.assert(
    fc.property(blocks, fc.infiniteStream(fc.nat()), (given, chance) => {
      const inOrder = new SequentialPairs(options, given.length);
      for (const [block, each] of given.entries()) inOrder.add(block, each);
      const shuffled = new SequentialPairs(options, given.length);
      const order = given.map((each, block) => ({ each, block, key: chance.next().value ?? 0 }));
      for (const { each, block } of order.sort((a, b) => a.key - b.key)) shuffled.add(block, each);
      expect(shuffled.state).toEqual(inOrder.state);
      expect([shuffled.seen, shuffled.pairs]).toEqual([inOrder.seen, inOrder.pairs]);
    }),
  );
});

test("nothing is looked at beyond the block that decides", () => {
  const test = new SequentialPairs(options, 100);
  let block = 0;
  while (!test.ended) test.add(block++, Array<number>(pairsPerBlock).fill(1.5));
  expect(test.state.verdict).toBe("elo1");
  const { state, pairs } = test;
  test.add(block, Array<number>(pairsPerBlock).fill(0));
  expect([test.state, test.pairs]).toEqual([state, pairs]);
});

test("a block that the host could not play at all is waited for and skipped", () => {
  const test = new SequentialPairs(options, 2);
  expect(test.add(1, [1])).toBe(false);
  expect(test.pairs).toBe(0);
  expect(test.add(0, [])).toBe(true);
  expect([test.pairs, test.seen, test.state.verdict]).toEqual([1, 2, "continue"]);
});

test("blocks go round the seeds, and no pair comes twice", () => {
  const plan = { seeds: [7, 3, 9], unitsPerSeed: 25, sequential: { maxPairs: 61 } };
  const keys = keysOf(plan);
  expect(keys).toHaveLength(61);
  expect(new Set(keys.map(({ seed, game }) => `${seed} ${game}`)).size).toBe(61);
  expect(blocksOf(61)).toBe(8);
  expect(blockKeys(plan, 3)).toEqual(Array.from({ length: 8 }, (_, at) => ({ seed: 7, game: 8 + at })));
  expect(blockKeys(plan, 7)).toHaveLength(5);
  const place = placesOf(plan);
  expect(keys.map(place)).toEqual(keys.map((_, at) => at));
});

test("a matchup of fixed size goes seed by seed", () => {
  const plan = { seeds: [7, 3], unitsPerSeed: 2 };
  expect(keysOf(plan)).toEqual([
    { seed: 7, game: 0 },
    { seed: 7, game: 1 },
    { seed: 3, game: 0 },
    { seed: 3, game: 1 },
  ]);
  expect(keysOf(plan).map(placesOf(plan))).toEqual([0, 1, 2, 3]);
});
