/*
 * Hostile policies from a grammar, against an honest one: whatever they do, the honest side never pays and every pair counts.
 * The first cases of what `npm run fuzz -- --target "policy verdicts"` does, of those that take seconds a few.
 */
import { afterAll, expect, test } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { judgePolicy } from "./verdicts/judge-policy.ts";
import { judgeCases, policyOf } from "./verdicts/verdict-cases.ts";

const numbers = Array.from({ length: 400 }, (_, number) => number);
const slow = numbers.filter((number) => policyOf(number).takesTime);
const quick = numbers.filter((number) => !policyOf(number).takesTime);

afterAll(closeSandboxes);

test("what a hostile policy does is its own loss", { timeout: 60_000 }, async () => {
  expect(await judgeCases(quick.slice(0, 50))).toEqual([]);
});

test("so is the time it takes", async () => {
  expect(await judgeCases(slow.slice(0, 3))).toEqual([]);
});

test("a policy that is lied about is noticed", { timeout: 60_000 }, async () => {
  // It plays to the end, so that there is no forfeit where one is due.
  const lied = {
    ...policyOf(quick[0]!),
    source: "def choose_action(b, p, r): return b.index(None)\n",
    isFatal: true,
  };
  const wrong = await judgePolicy({ ...lied, mode: "keep" }, 1_000_000);
  expect(wrong.filter((each) => each.includes("no forfeit"))).toHaveLength(2);
});

test("the grammar makes deaths, stalls and bytes, at every place and in both modes", () => {
  const deeds = numbers.map((number) => policyOf(number).deed);
  for (const part of [
    "keep, load",
    "keep, init",
    "keep, move 1",
    "keep, move 3",
    "restart, move 2",
    "os._exit",
    "os.kill",
  ])
    expect(
      deeds.some((deed) => deed.includes(part)),
      part,
    ).toBe(true);
  for (const part of [
    "setrlimit",
    "spin()",
    "wait",
    "fail(",
    "throw(",
    "frames.ACTION",
    "nonce",
    "length=",
    "dawdle",
    "in_thread",
  ])
    expect(
      deeds.some((deed) => deed.includes(part)),
      part,
    ).toBe(true);
  expect(new Set(deeds).size).toBeGreaterThan(300);
  expect(deeds).toEqual(numbers.map((number) => policyOf(number).deed));
});
