import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import { casesFor, makeTargets } from "./all-targets.ts";
import { runCase, type FuzzTarget } from "./fuzz-target.ts";
import { mutateBytes, SeededNumbers } from "./mutate-bytes.ts";

/*
 * Broken bytes give a right answer or an error of the right kind: no crash, no hang, no memory without bound. A share of
 * what `npm run fuzz` does; the cases are the first ones of it.
 */

const cases = 60_000;
const targets = await makeTargets();
const mebibyte = 1024 * 1024;

afterAll(() => targets.forEach(({ close }) => close?.()));

describe.for(targets.map((target) => [target.name, target] as const))("%s", ([, target]) => {
  test("takes its examples as they are", async () => {
    for (const example of target.examples) await target.check(example, new SeededNumbers(3));
  });

  test("stands broken bytes", async () => {
    const before = process.memoryUsage().rss;
    const count = casesFor(target, targets, cases);
    for (let number = 0; number < count; number++) await runCase(target, number);
    expect(count).toBeGreaterThan(20);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * mebibyte);
  });

  test("stands any bytes", async () => {
    const numRuns = Math.min(1000, casesFor(target, targets, cases));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.nat(), async (bytes, seed) => {
        await target.check(Buffer.from(bytes), new SeededNumbers(seed));
      }),
      { numRuns },
    );
  });
});

describe("the mutator", () => {
  const examples = [Buffer.from("a right message of some length"), Buffer.from("another one")];
  const made = Array.from({ length: 2000 }, (_, seed) => mutateBytes(examples, new SeededNumbers(seed)));

  test("gives the same bytes for the same number", () => {
    expect(made.slice(0, 200)).toEqual(
      Array.from({ length: 200 }, (_, seed) => mutateBytes(examples, new SeededNumbers(seed))),
    );
  });

  test("gives many bytes, the examples among them, and other bytes for other numbers", () => {
    expect(new Set(made.map((bytes) => bytes.toString("hex"))).size).toBeGreaterThan(1400);
    expect(made.filter((bytes) => examples.some((example) => example.equals(bytes))).length).toBeGreaterThan(
      50,
    );
    expect(made.some(({ length }) => length === 0)).toBe(true);
    expect(made.some(({ length }) => length > 40)).toBe(true);
  });

  test("a case that is not stood names its number and bytes", async () => {
    const wrong: FuzzTarget = {
      name: "a parser that crashes",
      examples,
      cost: 1,
      check: (bytes) => {
        if (bytes.length > 20) throw new TypeError("no such property");
      },
    };
    const failures = [];
    for (let number = 0; number < 20; number++) failures.push(await runCase(wrong, number).catch(String));
    const shown = failures.find((each) => typeof each === "string");
    expect(shown).toMatch(/a parser that crashes, case \d+: TypeError: no such property \(bytes [0-9a-f]+\)/);
  });
});
