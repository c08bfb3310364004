import { afterAll, expect, test } from "vitest";
import type { GameResult } from "../../../../src/games/play-games.ts";
import { defaultSeeds, planComparison } from "../../../../src/evaluate/matchup/compare-policies.ts";
import { playMatchup } from "../../../../src/evaluate/matchup/play-matchup.ts";
import { playSequential } from "../../../../src/evaluate/matchup/play-sequential.ts";
import { blockKeys } from "../../../../src/evaluate/matchup/unit-keys.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

const plan = planComparison(
  { policyX: "minimax", policyO: "random", until: "sprt", maxPairs: 100 },
  defaultSeeds,
);
const sequential = { ...plan, sequential: { maxPairs: 100 } };
/** So easily convinced that eight pairs are enough. */
const sprt = { elo0: 0, elo1: 50, alpha: 0.4, beta: 0.4 };

test("a block that was finished beyond the one that decides is dropped", async () => {
  const early = new Map<string, GameResult>();
  for await (const { result, game } of playMatchup(sequential, blockKeys(sequential, 1)))
    early.set(`${game.seed} ${game.game} ${game.swapped}`, result);
  expect(early.size).toBe(16);
  let found = 0;
  const games = await playSequential(sequential, {
    sprt,
    keeper: {
      // The second block is there at once, the first has to be played.
      find: ({ seed, game }, swapped) => {
        const result = early.get(`${seed} ${game} ${swapped}`);
        if (result !== undefined) found++;
        return result;
      },
      keep: async () => {},
    },
  });
  expect(found).toBe(16);
  expect(new Set(games.map(({ seed }) => seed))).toEqual(new Set([0]));
  expect(games).toHaveLength(16);
});

test("the caller's abort is an error, the test's own is not", async () => {
  const stop = new AbortController();
  const cut = playSequential(sequential, { sprt, signal: stop.signal, onGame: () => stop.abort() });
  await expect(cut).rejects.toMatchObject({ code: "aborted" });
});
