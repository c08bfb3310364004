import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import {
  LeagueFile,
  leagueFileName,
  type LeaguePlan,
  readLeague,
} from "../../../../src/evaluate/league/league-file.ts";
import { countPairing } from "../../../../src/evaluate/league/pairing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-league-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan: LeaguePlan = {
  game: "tictactoe",
  players: [
    { name: "a", digest: null },
    { name: "b", digest: "sha256:00" },
  ],
  games: 2,
  seed: 0,
  options: { mode: "keep", image: "sha256:11" },
};
const pairing = countPairing(["a", "b"], [], []);

it("keeps every pairing at once, and goes on with them", () => {
  const file = LeagueFile.open(folder, plan, false);
  file.add(pairing);
  // Read while the file is open: a process that is killed now leaves just this.
  expect(readLeague(folder).pairings).toEqual([pairing]);
  file.close();
  const again = LeagueFile.open(folder, { ...plan, options: { image: "sha256:11", mode: "keep" } }, true);
  expect(again.pairings).toEqual([pairing]);
  again.close();
});

it("begins where there is nothing to go on with", () => {
  const file = LeagueFile.open(join(folder, "new", "er"), plan, true);
  expect(file.pairings).toEqual([]);
  expect(statSync(join(folder, "new", "er")).mode & 0o777).toBe(0o700);
  file.close();
});

it("refuses a league that is there, another one, and one that is being played", () => {
  const file = LeagueFile.open(folder, plan, false);
  expect(() => LeagueFile.open(folder, plan, true)).toThrow(expect.objectContaining({ code: "run_locked" }));
  file.close();
  expect(() => LeagueFile.open(folder, plan, false)).toThrow(expect.objectContaining({ code: "run_exists" }));
  for (const other of [
    { seed: 1 },
    { games: 4 },
    { game: "pettingzoo:connect_four_v3" },
    { players: plan.players.toReversed() },
    { options: { mode: "restart", image: "sha256:11" } },
  ])
    expect(() => LeagueFile.open(folder, { ...plan, ...other }, true)).toThrow(
      expect.objectContaining({
        code: "run_differs",
        context: { dir: folder, differing: Object.keys(other) },
      }),
    );
  // A refusal leaves no lock behind.
  LeagueFile.open(folder, plan, true).close();
});

it("says of a damaged file that it is one", () => {
  expect(() => readLeague(folder)).toThrow(expect.objectContaining({ code: "run_missing" }));
  const path = join(folder, leagueFileName);
  LeagueFile.open(folder, plan, false).close();
  const good = readFileSync(path, "utf8");
  for (const text of [
    good.slice(0, -9),
    "[]",
    "null",
    good.replace('"games":2', '"games":"2"'),
    `{"format":2}`,
  ]) {
    writeFileSync(path, text);
    expect(() => readLeague(folder), text).toThrow(expect.objectContaining({ code: "run_damaged" }));
    expect(() => LeagueFile.open(folder, plan, true)).toThrow(
      expect.objectContaining({ code: "run_damaged" }),
    );
  }
});
