import { expect, test } from "vitest";
import { meanOf, varianceOf } from "../../../src/stats/moments.ts";
import { streamOf } from "../../../src/stats/seeded-stream.ts";

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

test("the same purpose and numbers give the same stream, others another", () => {
  const start = (purpose: string, numbers: readonly number[]): number[] => {
    const stream = streamOf(purpose, numbers);
    return many(5, () => stream.uniform());
  };
  expect(start("a", [1, 2])).toEqual(start("a", [1, 2]));
  expect(start("a", [0])).toEqual(start("a", [-0]));
  expect(start("a", [1, 2])).not.toEqual(start("a", [2, 1]));
  expect(start("a", [1, 2])).not.toEqual(start("b", [1, 2]));
});

test("the stream is the one of every machine and version", () => {
  const stream = streamOf("golden", [1]);
  expect(many(3, () => stream.uniform())).toMatchInlineSnapshot(`
    [
      0.11304108111415279,
      0.2654573961234462,
      0.16037106946749613,
    ]
  `);
});

test("uniform, normal and gamma have their mean and variance, across many blocks", () => {
  const stream = streamOf("moments", [1]);
  const count = 40_000;
  const check = (values: readonly number[], mean: number, variance: number): void => {
    expect(Math.abs(meanOf(values) - mean)).toBeLessThan(4 * Math.sqrt(variance / count));
    expect(varianceOf(values) / variance).toBeGreaterThan(0.94);
    expect(varianceOf(values) / variance).toBeLessThan(1.06);
  };
  check(
    many(count, () => stream.uniform()),
    1 / 2,
    1 / 12,
  );
  check(
    many(count, () => stream.below(6)),
    2.5,
    35 / 12,
  );
  check(
    many(count, () => stream.normal()),
    0,
    1,
  );
  for (const shape of [0.2, 1, 7.5])
    check(
      many(count, () => stream.gamma(shape)),
      shape,
      shape,
    );
});
