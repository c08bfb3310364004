import { expect, test } from "vitest";

import { checkSeed, gameSeed, seedSchema } from "../../../src/model/seed.ts";
import { renderSeatHost, seedLiteral } from "../../../src/harness/render-rollout.ts";
import { settleTraining } from "../../../src/evaluate/learning/training-settings.ts";
import { completeOptions } from "../../../src/sandbox/sandbox-options.ts";

const refused = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

test.each([0, 1, 2 ** 53 - 1])("%d is a seed everywhere", (seed) => {
  expect(checkSeed(seed)).toBe(seed);
  expect(seedSchema.parse(seed)).toBe(seed);
  expect(seedLiteral(seed)).toBe(String(seed));
});

test.each(refused)("%d is a seed nowhere", (seed) => {
  const refusal = expect.objectContaining({ code: "bad_argument" });
  expect(() => checkSeed(seed)).toThrow(refusal);
  expect(() => seedLiteral(seed)).toThrow(refusal);
  expect(() => settleTraining({ seed }, "self")).toThrow(refusal);
  expect(() => completeOptions({ world: "sealed", seed })).toThrow(refusal);
  expect(seedSchema.safeParse(seed).success).toBe(false);
});

test("what is no number at all is refused with the same sentence", () => {
  expect(() => checkSeed("7" as unknown as number)).toThrow("7 is not a seed");
});

test("minus zero is the seed zero, at every door", () => {
  expect(checkSeed(-0)).toBe(0);
  expect(seedSchema.parse(-0)).toBe(0);
  expect(seedLiteral(-0)).toBe("0");
  expect(gameSeed(-0, -0)).toBe(gameSeed(0, 0));
  expect(settleTraining({ seed: -0 }, "self").seed).toBe(0);
  expect(completeOptions({ world: "sealed", seed: -0 }).seed).toBe(0);
  const host = { seat: "agent", fd: 4, path: "p.py", mode: "keep", moveCpuMs: null } as const;
  expect(renderSeatHost({ ...host, seed: -0 })).toBe(renderSeatHost({ ...host, seed: 0 }));
});
