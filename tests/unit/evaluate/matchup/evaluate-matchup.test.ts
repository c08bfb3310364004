import { afterAll, describe, expect, test } from "vitest";
import { exactMatchup } from "../../../../src/evaluate/matchup/exact-matchup.ts";
import { evaluateMatchup, runMatchup } from "../../../../src/evaluate/matchup/evaluate-matchup.ts";
import { chainOf } from "../../../../src/trajectory/trajectory-chain.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import { sources } from "./sources.ts";

afterAll(closeSandboxes);

describe("built-in policies", () => {
  test("a batch is 50 games in pairs, each with its own trajectory, and the same again", async () => {
    const play = async () => await runMatchup({ policyX: "greedy", policyO: "random", seed: 7 });
    const [one, other] = [await play(), await play()];
    expect(one.trajectory).toHaveLength(50);
    const recorded = one.trajectory.map(({ bytes }) => chainOf(bytes).digests.digest);
    expect(one.games.map(({ digest }) => digest)).toEqual(recorded);
    expect(one.digest).toBe(other.digest);
    expect(one.meanReturn).toBe(one.games.reduce((sum, { score }) => sum + (score ?? 0), 0) / 50);
    expect(one.steps).toBe(one.games.reduce((sum, { steps }) => sum + steps, 0));
    expect(new Set(one.games.map(({ digest }) => digest)).size).toBe(50);
  });

  test("many seeds give what each gives alone, and the interval holds the true value", async () => {
    const asked = { policyX: "greedy", policyO: "random" } as const;
    const result = await evaluateMatchup({ ...asked, seeds: [3, 1, 2, 7], exact: true });
    const alone = await runMatchup({ ...asked, seed: 1 });
    expect(result.bySeed.map(({ seed }) => seed)).toEqual([3, 1, 2, 7]);
    expect(result.bySeed[1]?.digest).toBe(alone.digest);
    expect(result.bySeed[1]?.meanReturn).toBe(alone.meanReturn);
    const { interval, exact } = result;
    expect(exact).toEqual(exactMatchup({ env: "tictactoe", swap: true, ...asked }));
    expect(interval!.low).toBeLessThan(exact!.meanReturn);
    expect(interval!.high).toBeGreaterThan(exact!.meanReturn);
    expect(result.infra).toBe(0);
  });

  test("without swapping policy x keeps the first seat", async () => {
    const asked = { policyX: "random", policyO: "minimax", seeds: [0], nGames: 30, trajectories: false };
    const result = await evaluateMatchup({ ...asked, swap: false });
    expect(result).toMatchObject({ games: 30, units: 30, perSeat: { o: null } });
    expect(result.wins).toBe(0);
    expect(result.bySeed[0]?.trajectory).toEqual([]);
  });
});

describe("policies from source", { timeout: 240_000 }, () => {
  test("a fault is a lost game, counted by policy and cause, at both seats", async () => {
    const result = await evaluateMatchup({
      policyX: sources.crashes,
      policyO: sources.any,
      seeds: [0, 1],
      nGames: 8,
    });
    const games = result.bySeed.flatMap((seed) => seed.games);
    const forfeits = games.filter(({ forfeit }) => forfeit !== undefined);
    expect(forfeits.length).toBeGreaterThan(8);
    for (const { forfeit, score } of forfeits) {
      expect(forfeit).toMatchObject({ by: "x", fault: "crash" });
      expect(score).toBe(-1);
    }
    expect(new Set(forfeits.map(({ swapped }) => swapped)).size).toBe(2);
    expect(result.faults).toEqual({ x: { crash: forfeits.length }, o: {} });
    expect(result.losses).toBeGreaterThanOrEqual(forfeits.length);
  });

  test("what a built-in policy plays against a source is the same each time", async () => {
    const play = async () =>
      await evaluateMatchup({ policyX: sources.any, policyO: "greedy", seeds: [5], nGames: 4 });
    const [one, other] = [await play(), await play()];
    expect(one.bySeed[0]?.digest).toBe(other.bySeed[0]?.digest);
  });
});

test.each([
  [{ nGames: 3 }, "bad_argument"],
  [{ seeds: [] }, "bad_argument"],
  [{ seeds: [-1] }, "bad_argument"],
  [{ policyX: "nobody.py" }, "bad_policy"],
  [{ policyX: "best" }, "bad_policy"],
  [{ env: "chess" }, "unknown_environment"],
  [{ resume: true }, "bad_argument"],
  [{ exact: true, policyX: sources.any }, "bad_argument"],
])("refuses %j before anything is played", async (wrong, code) => {
  const asked = { policyX: "random", policyO: "random", seeds: [0], ...wrong };
  await expect(evaluateMatchup(asked)).rejects.toMatchObject({ code });
});
