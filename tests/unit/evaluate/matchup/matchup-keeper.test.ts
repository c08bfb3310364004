import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import {
  comparePolicies,
  defaultSeeds,
  planComparison,
} from "../../../../src/evaluate/matchup/compare-policies.ts";
import { evaluateMatchup } from "../../../../src/evaluate/matchup/evaluate-matchup.ts";
import { readMatchup } from "../../../../src/evaluate/matchup/matchup-file.ts";
import { MatchupKeeper } from "../../../../src/evaluate/matchup/matchup-keeper.ts";
import { keysOf } from "../../../../src/evaluate/matchup/unit-keys.ts";
import { verifyMatchup } from "../../../../src/evaluate/matchup/verify-matchup.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import { RunReader } from "../../../../src/store/run-reader.ts";
import { sources } from "./sources.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "sameseed-matchup-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));
afterAll(closeSandboxes);

const asked = { policyX: "greedy", policyO: "random", seeds: [4, 5], nGames: 20 } as const;

test("a recorded matchup is two ordinary runs, and plays again with the same bytes", async () => {
  const dir = join(place, "new", "matchup");
  const result = await evaluateMatchup({ ...asked, dir });
  expect(readdirSync(dir).sort()).toEqual(["a-first", "b-first", "matchup.json"]);
  for (const path of [dir, join(dir, "a-first")]) expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readMatchup(dir)).toMatchObject({
    x: { name: "greedy", digest: null },
    swap: true,
    unitsPerSeed: 10,
  });
  using reader = await RunReader.open(join(dir, "b-first"));
  expect(reader.size).toBe(20);
  const digests = new Set([...reader.rows()].map(({ digest }) => digest));
  const swapped = result.bySeed.flatMap(({ games }) => games.filter((game) => game.swapped));
  expect(new Set(swapped.map(({ digest }) => digest))).toEqual(digests);
  const verification = await verifyMatchup(dir);
  expect(verification.verified).toBe(true);
  expect(verification.legs.map(({ leg, result: { equal } }) => [leg, equal])).toEqual([
    ["a-first", 20],
    ["b-first", 20],
  ]);
});

test("an interrupted matchup goes on where it was and ends like one that was not", async () => {
  const dir = join(place, "matchup");
  const stop = new AbortController();
  let seen = 0;
  const cut = evaluateMatchup({
    ...asked,
    policyO: sources.any,
    dir,
    signal: stop.signal,
    onGame: () => {
      if (++seen === 9) stop.abort();
    },
  });
  await expect(cut).rejects.toMatchObject({ code: "aborted" });
  using before = await RunReader.open(join(dir, "a-first"));
  expect(before.size).toBeGreaterThan(0);
  expect(before.size).toBeLessThan(20);
  const resumed = await evaluateMatchup({ ...asked, policyO: sources.any, dir, resume: true });
  const whole = await evaluateMatchup({ ...asked, policyO: sources.any });
  expect(resumed.bySeed.map(({ digest }) => digest)).toEqual(whole.bySeed.map(({ digest }) => digest));
  expect(resumed.bySeed.map(({ trajectory }) => trajectory.length)).toEqual([20, 20]);
  expect({ ...resumed, bySeed: [] }).toEqual({ ...whole, bySeed: [] });
}, 240_000);

test("a sequential matchup can be recorded and judged again without playing", async () => {
  const dir = join(place, "matchup");
  const test = { policyX: "greedy", policyO: "random", until: "sprt", maxPairs: 100 } as const;
  const first = await comparePolicies({ ...test, dir });
  const again = await comparePolicies({ ...test, dir, resume: true });
  expect(again).toEqual(first);
  const plan = planComparison(test, defaultSeeds);
  {
    await using keeper = await MatchupKeeper.open(dir, plan, true);
    const needed = keysOf(plan).slice(0, first.pairs);
    for (const swapped of [false, true])
      expect(needed.filter((key) => keeper.find(key, swapped) === undefined)).toEqual([]);
    expect(keeper.find({ seed: 999, game: 0 }, false)).toBeUndefined();
  }
  const { verified, legs } = await verifyMatchup(dir);
  expect([verified, legs[0]?.result.missing]).toEqual([true, 0]);
});

test("goes on only with the matchup that it was, and only where it is told to", async () => {
  const dir = join(place, "matchup");
  await evaluateMatchup({ ...asked, dir });
  await expect(evaluateMatchup({ ...asked, dir })).rejects.toMatchObject({ code: "run_exists" });
  for (const other of [{ policyO: "minimax" }, { seeds: [4] }, { nGames: 10 }, { swap: false }])
    await expect(evaluateMatchup({ ...asked, ...other, dir, resume: true })).rejects.toMatchObject({
      code: "run_differs",
    });
});

test("a folder that holds a run is refused and left alone; where nothing was played, nothing is left", async () => {
  const dir = join(place, "matchup");
  await evaluateMatchup({ ...asked, dir });
  await expect(evaluateMatchup({ ...asked, dir: join(dir, "a-first") })).rejects.toMatchObject({
    code: "run_exists",
  });
  using reader = await RunReader.open(join(dir, "a-first"));
  expect(reader.size).toBe(20);
  const none = join(place, "none");
  await expect(evaluateMatchup({ ...asked, image: "no-such-image", dir: none })).rejects.toMatchObject({
    code: "image_missing",
  });
  expect(existsSync(none)).toBe(false);
});
