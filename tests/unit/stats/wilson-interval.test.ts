import { expect, test } from "vitest";
import { wilsonInterval } from "../../../src/stats/wilson-interval.ts";

// Wilson's score intervals without continuity correction: scipy 1.17.1, binomtest(k, n).proportion_ci(method="wilson").
const known: readonly (readonly [k: number, n: number, low: number, high: number])[] = [
  [0, 10, 0.0, 0.27753279986288926],
  [1, 2, 0.09453120573423074, 0.9054687942657693],
  [7, 10, 0.39677814746114526, 0.892208732593699],
  [15, 148, 0.06238639953073629, 0.16048724172330803],
  [81, 263, 0.2552885198782742, 0.36620957698280004],
  [193, 200, 0.9295293884777092, 0.9829444579914328],
  [20, 20, 0.8388748419471808, 1.0],
];

test.each(known)("%d of %d is [%d, %d]", (k, n, low, high) => {
  const interval = wilsonInterval(k, n);
  expect(interval.low).toBeCloseTo(low, 12);
  expect(interval.high).toBeCloseTo(high, 12);
  expect(interval.method).toBe("wilson");
});

test("the ends are exact where nothing or everything succeeded, and never meet", () => {
  expect(wilsonInterval(0, 7).low).toBe(0);
  expect(wilsonInterval(7, 7).high).toBe(1);
  expect(wilsonInterval(7, 7).low).toBeLessThan(1);
  expect(wilsonInterval(1, 1, { level: 0.5 }).low).toBeLessThan(1);
});

test("misuse is named", () => {
  for (const [k, n] of [
    [1, 0],
    [3, 2],
    [-1, 4],
    [0.5, 2],
  ] as const)
    expect(() => wilsonInterval(k, n)).toThrow(expect.objectContaining({ code: "bad_argument" }));
});
