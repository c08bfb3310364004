import { afterAll, expect, test } from "vitest";
import { comparePolicies } from "../../../../src/evaluate/matchup/compare-policies.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import { sources } from "./sources.ts";

afterAll(closeSandboxes);

test("a sequential test stops early, and its verdict does not depend on how many are played at one time", async () => {
  const play = async (concurrency: number) =>
    await comparePolicies({
      policyX: "greedy",
      policyO: "random",
      until: "sprt",
      maxPairs: 200,
      concurrency,
    });
  const [narrow, wide] = [await play(1), await play(8)];
  expect(narrow).toMatchObject({ decision: "better", sprt: { verdict: "elo1" } });
  expect(narrow.pairs).toBeLessThan(100);
  expect(narrow.pairs % 8).toBe(0);
  expect(wide).toEqual(narrow);
});

test("a worse policy is not better, and a policy is neither against itself", async () => {
  const worse = await comparePolicies({ policyX: "random", policyO: "greedy", until: "sprt", maxPairs: 200 });
  expect(worse.decision).toBe("not better");
  const same = await comparePolicies({ policyX: "greedy", policyO: "greedy", seeds: [0, 1], nGames: 20 });
  expect(same).toMatchObject({ decision: null, meanReturn: 0, pentanomial: [0, 0, 20, 0, 0] });
  expect(same.interval!.low).toBeLessThan(0);
});

test("a policy that does not play the same game twice is found before anything is compared", async () => {
  const found = await comparePolicies({ policyX: "random", policyO: sources.races, seeds: [0] });
  expect(found.selfCheck.equal).toBeLessThan(4);
  expect(new Set(found.selfCheck.unequal.map(({ policy }) => policy))).toEqual(new Set(["races.py"]));
  expect(found).toMatchObject({ games: 0, pairs: 0, decision: null });
}, 240_000);

test("a policy from source is the same game twice against itself", async () => {
  const { selfCheck } = await comparePolicies({
    policyX: sources.any,
    policyO: sources.crashes,
    seeds: [0],
    nGames: 2,
  });
  expect(selfCheck).toEqual({ seeds: 4, equal: 4, unequal: [] });
}, 240_000);

test.each([
  [{ until: "sprt" as const, nGames: 10 }],
  [{ maxPairs: 10 }],
  [{ until: "sprt" as const, maxPairs: 0 }],
  [{ elo: [50, 0] as const }],
  [{ alpha: 0.6, beta: 0.6 }],
])("refuses %j", async (wrong) => {
  await expect(comparePolicies({ policyX: "random", policyO: "greedy", ...wrong })).rejects.toMatchObject({
    code: "bad_argument",
  });
});
