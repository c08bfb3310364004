import { expect, test } from "vitest";
import { isUntrustworthy } from "../../../../src/cli/commands/matchup-options.ts";
import { formatComparison, formatMatchup } from "../../../../src/cli/render/matchup-text.ts";
import { plain } from "../../../../src/cli/render/style.ts";
import { strengthOf } from "../../../../src/evaluate/matchup/compare-report.ts";
import type { MatchGame } from "../../../../src/evaluate/matchup/match-game.ts";
import { reportMatchup } from "../../../../src/evaluate/matchup/report-matchup.ts";
import { toUnits } from "../../../../src/evaluate/matchup/units.ts";
import { facts, game, pair } from "../../evaluate/matchup/hand-made.ts";

/** 28 pairs with the five results of the research note. */
const results = [
  ...Array.from({ length: 2 }, () => [-1, 0] as const),
  ...Array.from({ length: 9 }, () => [1, -1] as const),
  ...Array.from({ length: 10 }, () => [1, 0] as const),
  ...Array.from({ length: 7 }, () => [1, 1] as const),
];
const games = results.flatMap((scores, number) => pair(number, scores));

function comparisonOf(all: readonly MatchGame[]) {
  const given = facts({ x: "greedy", o: "table.py", spec: `sha256:${"7c1e".repeat(16)}` });
  const found = toUnits(all, given.placeOf, true);
  return {
    ...reportMatchup(all, given),
    ...strengthOf(found.units, { elo0: 0, elo1: 50 }),
    selfCheck: { seeds: 4, equal: 4, unequal: [] },
    decision: "better" as const,
  };
}

test("a comparison has the lines of its layout", () => {
  const extras = { games, wallMs: 1900, elo: [0, 50] as const, maxPairs: 400 };
  expect(formatComparison(comparisonOf(games), extras, plain)).toEqual([
    "greedy v table.py  tictactoe  28 pairs (56 games)  seeds 0  spec 7c1e7c1e  A/A B/B 4/4 byte-equal",
    "         W   D   L  mean return (95 %, dirichlet)",
    "  as X  26   0   2  +0.86",
    "  as O   7  12   9  -0.07",
    expect.stringMatching(
      /^ {2}all {3}33 {2}12 {2}11 {2}\+0\.39 \[\+0\.\d\d, \+0\.\d\d\] {3}P\(A>B\) \.70 \[\.\d\d, \.\d\d\]$/,
    ),
    expect.stringMatching(
      /^ {2}Elo \+144 ± 70 \[\+\d+, \+\d+\] {3}nElo \+214 ± 91 {3}LOS 100\.0 % {3}Ptnml \[0, 2, 9, 10, 7\]$/,
    ),
    expect.stringMatching(/^ {2}pairing: correlation [+-]0\.\d\d, variance reduction ×\d\.\d\d$/),
    "  SPRT nElo [0, 50]   LLR 3.08 in [-2.94, 2.94]   H1 ACCEPTED after 28 of at most 400 pairs",
    "  forfeits 0   infra 0   1.9 s",
    "yes: greedy is better than table.py",
  ]);
});

test("seats are X and O, whatever the game is", () => {
  const rows = formatMatchup(
    reportMatchup(games, facts({ env: "pettingzoo:chess_v6" })),
    { games, wallMs: 1 },
    plain,
  );
  expect(rows.filter((row) => row.startsWith("  as ")).map((row) => row.slice(0, 6))).toEqual([
    "  as X",
    "  as O",
  ]);
});

test("forfeits and what the host failed at are told apart, with the first of each quoted and made harmless", () => {
  const all = [
    game(-1, { steps: 4, forfeit: { by: "x", fault: "crash", message: "bad\u001b[2J\nthing", step: 3 } }),
    game(-1, { swapped: true, forfeit: { by: "x", fault: "crash", message: "again" } }),
    game(1, { game: 1, forfeit: { by: "o", fault: "illegal_action", message: "cell 9", step: 2 } }),
    game(null, { game: 1, swapped: true, infra: "no processes left" }),
  ];
  const lines = formatMatchup(reportMatchup(all, facts()), { games: all, wallMs: 1 }, plain);
  expect(lines.slice(-3)).toEqual([
    "  forfeits 2   infra 1, and 1 left out with them   1 ms",
    "    a lost 2 crash; first in seed 0 game 0, move 3: bad\\x1b[2J thing",
    "    no processes left",
  ]);
});

test("digits follow the width of the interval", () => {
  const many = Array.from({ length: 2000 }, (_, number) => pair(number, [1, -1])).flat();
  const lines = formatMatchup(reportMatchup(many, facts()), { games: many, wallMs: 1 }, plain);
  expect(lines[4]).toMatch(/\+0\.000 \[-0\.00\d, \+0\.00\d\]$/);
});

test("a result is not trusted where the host failed more than one game in twenty", () => {
  const report = reportMatchup(games, facts());
  const total = report.games;
  expect(isUntrustworthy({ ...report, infra: 0 })).toBe(false);
  expect(isUntrustworthy({ ...report, games: total, infra: Math.floor(total / 20) })).toBe(false);
  expect(isUntrustworthy({ ...report, games: total, infra: Math.ceil(total / 10) })).toBe(true);
  expect(isUntrustworthy({ ...report, games: 0, infra: 1 })).toBe(true);
});
