import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { comparePolicies } from "../../../../src/evaluate/matchup/compare-policies.ts";
import { evaluateMatchup } from "../../../../src/evaluate/matchup/evaluate-matchup.ts";
import { verifyMatchup } from "../../../../src/evaluate/matchup/verify-matchup.ts";
import { playAgainst } from "../../../../src/games/play/play-against.ts";
import { playGames } from "../../../../src/games/play-games.ts";
import type { PolicyFunction } from "../../../../src/rollout/policy-function.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-function-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

const lowest: PolicyFunction = ({ legal }) => legal![0]!;
const highest: PolicyFunction = ({ legal }) => legal!.at(-1)!;

/** The same policy in a sandbox of its own. */
const lowestSource = {
  name: "lowest.py",
  source: "def choose_action(board, player, rng):\n    return board.index(None)\n",
};

describe("a function at a seat", () => {
  it("plays as the same policy in a sandbox does, against each kind of opponent", async () => {
    for (const opponent of ["random", lowestSource, highest] as const) {
      const rules = { policyO: opponent, seeds: [1, 2], nGames: 4 };
      const called = await evaluateMatchup({ ...rules, policyX: lowest });
      const sandboxed = await evaluateMatchup({ ...rules, policyX: lowestSource });
      expect(called.bySeed.map(({ games }) => games.map(({ score, steps }) => [score, steps]))).toEqual(
        sandboxed.bySeed.map(({ games }) => games.map(({ score, steps }) => [score, steps])),
      );
      expect(called.meanReturn).toBe(sandboxed.meanReturn);
    }
  });

  it("is told whose turn it is, what it sees and which moves are legal", async () => {
    const turns: unknown[] = [];
    const watching: PolicyFunction = ({ seat, step, observation, legal, info }) => {
      turns.push({ seat, step, observation, info, free: legal!.length });
      return legal![0]!;
    };
    for await (const game of playGames({ game: "tictactoe", seats: [watching, watching], maxSteps: 2 }, [
      { seed: 1, game: 0 },
    ]))
      expect(game).toMatchObject({ moves: 2, score: 0 });
    expect(turns).toEqual([
      {
        seat: "X",
        step: 1,
        observation: { board: Array(9).fill(null), player: "X" },
        info: { agent: "X" },
        free: 9,
      },
      {
        seat: "O",
        step: 2,
        observation: { board: ["X", ...Array<null>(8).fill(null)], player: "O" },
        info: { agent: "O" },
        free: 8,
      },
    ]);
  });

  it("forfeits the game in which it throws or cheats, and no other", async () => {
    let moves = 0;
    const failing: PolicyFunction = ({ seed, legal }) => {
      if (++moves === 3) throw new Error(`lost in ${seed}`);
      return moves === 8 ? 4.5 : legal![0]!;
    };
    const { bySeed } = await evaluateMatchup({
      policyX: failing,
      policyO: "random",
      seeds: [1],
      nGames: 4,
      swap: false,
      concurrency: 1,
    });
    const forfeits = bySeed[0]!.games.flatMap(({ forfeit }) => forfeit?.fault ?? []);
    expect(forfeits).toContain("crash");
    expect(forfeits.length).toBeLessThan(4);
  });

  it("is verified with its recorded moves while its opponent plays anew, and is needed to go on", async () => {
    const dir = join(folder, "matchup");
    const config = { policyX: lowest, policyO: lowestSource, seeds: [1], nGames: 2, dir } as const;
    await evaluateMatchup(config);
    const { verified, legs } = await verifyMatchup(dir);
    expect(verified).toBe(true);
    expect(legs.map(({ result }) => result.fedFromRecording)).toEqual([["X"], ["O"]]);
    await expect(evaluateMatchup({ ...config, policyX: "random", resume: true })).rejects.toMatchObject({
      code: "run_differs",
    });
    expect(await evaluateMatchup({ ...config, resume: true })).toMatchObject({ games: 2 });
  });

  it("can be compared with itself, but nobody sits down against it", async () => {
    const { selfCheck } = await comparePolicies({ policyX: lowest, policyO: highest, seeds: [1], nGames: 2 });
    expect(selfCheck).toMatchObject({ unequal: [] });
    await expect(playAgainst(lowest, { seed: 1 })).rejects.toMatchObject({ code: "bad_policy" });
  });
});
