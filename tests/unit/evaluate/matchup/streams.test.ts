import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { varianceOf } from "../../../../src/stats/moments.ts";
import { type Player, players, simulatePairs, type Streams } from "./simulated-pairs.ts";

/*
 * Which streams the second game of a pair has is a choice, and this is what decided it: how much the variance of a pair
 * falls against second games with streams of their own.
 */

const { random, greedy, minimax, careless } = players;
const pairs = 2000;

function variance(a: Player, b: Player, streams: Streams): number {
  const scores = simulatePairs(a.policy, b.policy, pairs, streams);
  return varianceOf(scores.map(([one, other]) => (one + other) / 2));
}

/** By which factor fewer pairs are needed than with streams of their own. */
function saving(a: Player, b: Player, streams: Streams): number {
  return variance(a, b, "of their own") / variance(a, b, streams);
}

test("a policy against itself plays the same game twice where streams stay at their seats", () => {
  for (const { policy } of [random, greedy, minimax])
    for (const [first, second] of simulatePairs(policy, policy, 200)) expect(first + second).toBe(0);
});

test("streams that stay at their seats help policies that are alike and cost nothing; those that move with the policy cost", () => {
  const page = readFileSync(new URL("../../../../docs/concepts/statistics.md", import.meta.url), "utf8");
  const rows = [
    [greedy, careless],
    [minimax, greedy],
    [greedy, random],
  ] as const;
  const savings = rows.map(([a, b]) => {
    const [seat, policy] = [saving(a, b, "of the seat"), saving(a, b, "of the policy")];
    expect(page).toContain(`| ${a.name} v ${b.name} | ×${seat.toFixed(2)} | ×${policy.toFixed(2)} |`);
    expect(policy).toBeLessThan(seat);
    return seat;
  });
  expect(savings[0]).toBeGreaterThan(4);
  for (const each of savings) expect(each).toBeGreaterThan(0.9);
});
