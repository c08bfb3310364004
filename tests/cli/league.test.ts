import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { readLeague } from "../../src/evaluate/league/league-file.ts";
import { verifyMatchup } from "../../src/evaluate/matchup/verify-matchup.ts";
import { errorDocument } from "./documents.ts";
import { linesOf, startSameseed, Workplace } from "./sameseed.ts";

const work = new Workplace({
  "first_free.py": "def choose_action(board, player, rng):\n    return board.index(None)\n",
  "last_free.py": "def choose_action(board, player, rng):\n    return 8 - board[::-1].index(None)\n",
  "cheats.py": "def choose_action(board, player, rng):\n    return 0\n",
  "crashes.py": "def choose_action(board, player, rng):\n    return board.index(player)\n",
  "any.py":
    "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n",
});
afterAll(() => work[Symbol.dispose]());

const faults = z.record(z.string(), z.number());
const leg = z.object({
  x: z.string(),
  o: z.string(),
  xWins: z.number(),
  draws: z.number(),
  oWins: z.number(),
  faults: z.object({ x: faults, o: faults }),
  infra: z.number(),
  distinct: z.number(),
  digest: z.string(),
});
const leagueDocument = z.object({
  env: z.string(),
  games: z.number(),
  seed: z.number(),
  players: z.array(z.object({ name: z.string(), digest: z.string().nullable() })),
  table: z.object({
    ratings: z.object({
      ratings: z.array(z.object({ player: z.string(), elo: z.number(), low: z.number(), high: z.number() })),
      seatAdvantage: z.object({ elo: z.number() }).nullable(),
    }),
    players: z.array(z.object({ player: z.string(), wins: z.number(), losses: z.number(), faults })),
    payoffs: z.array(
      z.array(z.object({ x: z.string(), o: z.string(), meanReturn: z.number().nullable() }).nullable()),
    ),
    games: z.number(),
    infra: z.number(),
  }),
  pairings: z.array(z.object({ legs: z.tuple([leg, leg]), pentanomial: z.array(z.number()).length(5) })),
});

describe("league", { timeout: 240_000 }, () => {
  it("rates built-in policies and files, with every forfeit counted", async () => {
    const { code, stdout, stderr } = await work.run([
      "league",
      "random",
      "minimax",
      "cheats.py",
      "crashes.py",
      "--games",
      "12",
      "--json",
    ]);
    expect(code, stderr).toBe(0);
    const { table, pairings, players } = leagueDocument.parse(JSON.parse(stdout));
    expect(players.map(({ name }) => name)).toEqual(["random", "minimax", "cheats", "crashes"]);
    expect(players.map(({ digest }) => digest === null)).toEqual([true, true, false, false]);
    expect(pairings).toHaveLength(6);
    expect(table).toMatchObject({ games: 72, infra: 0 });
    const order = table.ratings.ratings.map(({ player }) => player);
    expect(order[0]).toBe("minimax");
    for (const { elo, low, high } of table.ratings.ratings) {
      expect(low).toBeLessThan(elo);
      expect(elo).toBeLessThan(high);
    }
    const of = (name: string): (typeof table.players)[number] =>
      table.players.find(({ player }) => player === name)!;
    expect(of("minimax")).toMatchObject({ losses: 0, faults: {} });
    expect(of("random").faults).toEqual({});
    expect(Object.keys(of("cheats").faults)).toEqual(["illegal_action"]);
    // It asks where its own mark is, and on its first move there is none.
    expect(of("crashes").faults).toEqual({ crash: of("crashes").losses });
    for (const { legs } of pairings)
      for (const { xWins, draws, oWins } of legs) expect(xWins + draws + oWins).toBe(6);
  });

  it("prints the ratings, the payoffs, who forfeited, and which games were always the same", async () => {
    const { code, stdout } = await work.run([
      "league",
      "first_free.py",
      "last_free.py",
      "cheats.py",
      "random",
      "--games",
      "4",
    ]);
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    expect(lines[0]).toBe("tictactoe · 4 players · 6 pairings of 4 games · seed 0");
    expect(lines[1]).toMatch(/^ +player +Elo +± 95 % +games +points +W +D +L +as X +as O$/);
    expect(stdout).toContain("mean return of X, row at X and column at O");
    expect(stdout).toMatch(/^always the same game, counted once: .*first_free-last_free/m);
    expect(stdout).toMatch(/^cheats +illegal_action \d+$/m);
    expect(lines.at(-1)).toBe("24 games, of which the ratings count 18 · infra 0");
  });

  it("gives the same table one game at a time", async () => {
    const args = ["league", "random", "greedy", "any.py", "--games", "8", "--seed", "5", "--json"];
    const several = await work.run(args);
    const single = await work.run([...args, "--concurrency", "1"]);
    expect(several.code).toBe(0);
    expect(single.stdout).toBe(several.stdout);
    const other = await work.run(args.with(7, "6"));
    expect(other.stdout).not.toBe(several.stdout);
  });

  it("killed in the middle and resumed, ends with the table of one that was not", async () => {
    const args = ["league", ".", "random", "greedy", "--games", "8", "--json"];
    const whole = await work.run([...args, "--out", "whole"]);
    expect(whole.code, whole.stderr).toBe(0);
    const { child, ended } = startSameseed([...args, "--out", "cut"], { cwd: work.folder });
    const kept = (): number =>
      existsSync(work.path("cut", "league.json")) ? readLeague(work.path("cut")).pairings.length : 0;
    while (kept() < 2) await sleep(5);
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    const before = readLeague(work.path("cut")).pairings;
    expect(before.length).toBeLessThan(21);

    const resumed = await work.run([...args, "--out", "cut", "--resume"]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(`${before.length} played before`);
    expect(resumed.stdout).toBe(whole.stdout);
    expect(readFileSync(work.path("cut", "league.json"))).toEqual(
      readFileSync(work.path("whole", "league.json")),
    );
    // Every game is a rollout that can be checked, whichever process played it.
    const folders = readdirSync(work.path("cut", "games"));
    expect(folders).toHaveLength(21);
    for (const folder of folders.slice(0, 3)) {
      const { verified, legs } = await verifyMatchup(work.path("cut", "games", folder));
      expect(legs.map(({ result }) => result.rollouts)).toEqual([4, 4]);
      expect(
        legs.every(({ result }) => result.diverged.length === 0),
        folder,
      ).toBe(true);
      expect(verified || folder.includes("cheats") || folder.includes("crashes"), folder).toBe(true);
    }
    // There is nothing left to play, and the answer is the same.
    const again = await work.run([...args, "--out", "cut", "--resume"]);
    expect(again.stdout).toBe(whole.stdout);
  });

  it("exits with 130 when it is interrupted, and says how to go on", async () => {
    const args = ["league", "any.py", "first_free.py", "random", "--games", "2000", "--out", "stopped"];
    const { child, ended } = startSameseed(args, { cwd: work.folder });
    while (!existsSync(work.path("stopped", "league.json"))) await sleep(5);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/interrupted; \d of 3 pairings are kept in stopped/);
    expect(stderr).toMatch(/^ {2}resume: sameseed league any\.py .* --out stopped --resume$/m);
  });

  it("refuses misuse before anything runs", async () => {
    for (const [args, code] of [
      [["random"], "bad_argument"],
      [["random", "random"], "bad_argument"],
      [["random", "greedy", "--games", "3"], "bad_argument"],
      [["random", "greedy", "--games", "0"], "bad_argument"],
      [["random", "greedy", "--resume"], "bad_argument"],
      [["random", "nobody"], "bad_policy"],
      [["random", "missing.py"], "bad_policy"],
      [["random", "greedy", "--image", "none-of-it"], "image_missing"],
    ] as const) {
      const ended = await work.run(["league", ...args, "--json"]);
      expect(ended.code, args.join(" ")).toBe(2);
      expect(errorDocument.parse(JSON.parse(ended.stdout)).error.code, args.join(" ")).toBe(code);
    }
  });
});
