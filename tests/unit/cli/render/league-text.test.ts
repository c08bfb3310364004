import { expect, it } from "vitest";

import { formatLeague, tooMuchTrouble } from "../../../../src/cli/render/league-text.ts";
import { plain } from "../../../../src/cli/render/style.ts";
import { tabulate } from "../../../../src/evaluate/league/league-report.ts";
import { countPairing, type LeagueGame } from "../../../../src/evaluate/league/pairing.ts";
import type { LeagueResult } from "../../../../src/evaluate/league/run-league.ts";

/** A league of two, `a` at X first; scores are X's. */
function league(
  names: readonly [string, string],
  first: readonly (number | null)[],
  second: readonly (number | null)[],
): LeagueResult {
  const games = (scores: readonly (number | null)[], play: string): LeagueGame[] =>
    scores.map((score, game) => ({ game, score, digest: `${play}${game}`, playDigest: `${play}${score}` }));
  const pairings = [countPairing(names, games(first, "p"), games(second, "q"))];
  const players = names.map((name) => ({ name, digest: null }));
  const plan = { game: "tictactoe", players, games: first.length + second.length, seed: 3, options: {} };
  return { plan, pairings, table: tabulate(names, pairings) };
}

it("prints every number of the table", () => {
  expect(formatLeague(league(["a", "b"], [1, 1, 0], [0, 1, 1]), plain)).toEqual([
    "tictactoe · 2 players · 1 pairing of 6 games · seed 3",
    "",
    "   player  Elo  ± 95 %  games  points  W  D  L   as X   as O",
    "1  a         0     186      6     3.0  2  2  2  +0.67  -0.67",
    "2  b         0     186      6     3.0  2  2  2  +0.67  -0.67",
    "the seat of X is worth +280 Elo (± 373)",
    "",
    "mean return of X, row at X and column at O",
    "         1      2",
    "1 a      ·  +0.67",
    "2 b  +0.67      ·",
    "",
    "6 games · infra 0",
  ]);
});

it("says where the ratings count fewer games than were played", () => {
  const lines = formatLeague(league(["a", "b"], [1, 1, 1], [0, 1, 1]), plain);
  expect(lines).toContain("always the same game, counted once: a-b");
  expect(lines.at(-1)).toBe("6 games, of which the ratings count 4 · infra 0");
});

it("lets no name move the cursor or break the table", () => {
  const lines = formatLeague(league(["\u001b[2Ja\nb", "c".repeat(300)], [1, 0], [0, -1]), plain);
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(140);
});

it("says where nothing was played, and how much trouble is too much", () => {
  const dead = league(["a", "b"], [null, null], [null, null]);
  expect(formatLeague(dead, plain)).toContain("no game has a result");
  expect(tooMuchTrouble(dead.table)).toBe(true);
  const scores = (infra: number): (number | null)[] =>
    Array.from({ length: 20 }, (_, at) => (at < infra ? null : 0));
  expect(tooMuchTrouble(league(["a", "b"], scores(2), scores(0)).table)).toBe(false);
  expect(tooMuchTrouble(league(["a", "b"], scores(2), scores(1)).table)).toBe(true);
});
