import { existsSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { errorDocument } from "./documents.ts";
import { racingPolicy } from "../racing-policy.ts";
import { linesOf, startSameseed, Workplace } from "./sameseed.ts";

const work = new Workplace({
  "any.py":
    "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n",
  "cheats.py": "def choose_action(board, player, rng):\n    return 0\n",
  "races.py": racingPolicy,
});
afterAll(() => work[Symbol.dispose]());

const interval = z.strictObject({ low: z.number(), high: z.number(), level: z.number(), method: z.string() });
const seat = z.strictObject({
  games: z.number(),
  wins: z.number(),
  draws: z.number(),
  losses: z.number(),
  meanReturn: z.number().nullable(),
});
const faults = z.record(z.string(), z.number());
const shared = {
  env: z.string(),
  x: z.string(),
  o: z.string(),
  games: z.number(),
  seeds: z.array(z.number()),
  meanReturn: z.number().nullable(),
  interval: interval.nullable(),
  perSeat: z.strictObject({ x: seat, o: seat.nullable() }),
  wins: z.number(),
  draws: z.number(),
  losses: z.number(),
  faults: z.strictObject({ x: faults, o: faults }),
  infra: z.number(),
  unpaired: z.number(),
  swap: z.boolean(),
  units: z.number(),
  distinct: z.number(),
  effective: z.number(),
  spec: z.string(),
  dir: z.string().optional(),
  bySeed: z.array(
    z.strictObject({
      seed: z.number(),
      meanReturn: z.number().nullable(),
      totalReward: z.number().nullable(),
      steps: z.number(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    }),
  ),
};
const evalDocument = z.strictObject({
  ...shared,
  exact: z.looseObject({ meanReturn: z.number() }).optional(),
});
const difference = z.strictObject({
  value: z.number(),
  error: z.number().nullable(),
  low: z.number(),
  high: z.number(),
});
const compareDocument = z.strictObject({
  ...shared,
  pairs: z.number(),
  pentanomial: z.array(z.number()).length(5),
  better: z.strictObject({ value: z.number(), interval }).nullable(),
  elo: difference.nullable(),
  nelo: difference.nullable(),
  los: z.number().nullable(),
  sprt: z.strictObject({ llr: z.number(), low: z.number(), high: z.number(), verdict: z.string() }),
  correlation: z.number().nullable(),
  varianceReduction: z.number().nullable(),
  selfCheck: z.strictObject({
    seeds: z.number(),
    equal: z.number(),
    unequal: z.array(z.strictObject({ policy: z.string(), seed: z.number(), game: z.number() })),
  }),
  decision: z.enum(["better", "not better"]).nullable(),
});

describe("eval", { timeout: 240_000 }, () => {
  it("prints the promised document, equal each time, with the true value in the interval", async () => {
    const args = ["eval", "--x", "greedy", "--o", "random", "--seeds", "0..3", "--exact", "--json"];
    const [one, other] = [await work.run(args), await work.run(args)];
    expect(one.code, one.stderr).toBe(0);
    expect(one.stdout).toBe(other.stdout);
    const result = evalDocument.parse(JSON.parse(one.stdout));
    expect(result).toMatchObject({ env: "tictactoe", x: "greedy", o: "random", games: 200, units: 100 });
    expect(result.exact?.meanReturn.toFixed(6)).toBe("0.760626");
    expect(result.interval!.low).toBeLessThan(0.760626);
    expect(result.interval!.high).toBeGreaterThan(0.760626);
    expect(result.bySeed.map((row) => row.seed)).toEqual([0, 1, 2, 3]);
  });

  it("prints a table for people, with every forfeit by policy and cause", async () => {
    const { code, stdout, stderr } = await work.run(
      "eval --x cheats.py --o random --seeds 0..1 --games 4".split(" "),
    );
    expect(code, stderr).toBe(0);
    const lines = linesOf(stdout);
    expect(lines[0]).toMatch(
      /^cheats\.py v random {2}tictactoe {2}4 pairs \(8 games\) {2}seeds 0\.\.1 {2}spec [0-9a-f]{8}$/,
    );
    expect(lines.map((line) => line.trim().split("  ")[0])).toContain("as X");
    expect(stdout).toMatch(/cheats\.py lost \d illegal_action; first in seed \d game \d, move \d: /);
  });

  it("says by its exit code whether a threshold was shown", async () => {
    const args = ["eval", "--x", "greedy", "--o", "random", "--seeds", "0..3"];
    const shown = await work.run([...args, "--at-least", "0.5"]);
    const missed = await work.run([...args, "--at-least", "0.76"]);
    expect([shown.code, missed.code]).toEqual([0, 1]);
  });

  it("gives any-time intervals, and leaves the seats where they are", async () => {
    const { code, stdout, stderr } = await work.run(
      "eval --x random --o random --seeds 0 --games 6 --no-swap --anytime --json".split(" "),
    );
    expect(code, stderr).toBe(0);
    const result = evalDocument.parse(JSON.parse(stdout));
    expect(result).toMatchObject({ units: 6, swap: false, interval: { method: "betting" } });
    expect(result.perSeat.o).toBeNull();
  });

  it("records, is interrupted, goes on, and verifies", async () => {
    const args = [
      "eval",
      "--x",
      "any.py",
      "--o",
      "random",
      "--seeds",
      "0..9",
      "--games",
      "20",
      "--out",
      "kept",
    ];
    const { child, ended } = startSameseed(args, { cwd: work.folder });
    const segment = work.path("kept", "a-first", "segments", "000001.seg");
    // A game is a few kB: then at least one is recorded.
    while (!existsSync(segment) || statSync(segment).size < 8192) await sleep(20);
    child.kill("SIGINT");
    const cut = await ended;
    expect(cut.code, cut.stderr).toBe(130);
    expect(cut.stderr).toContain("--out kept --resume");
    const resumed = await work.run([...args, "--resume", "--json"]);
    expect(resumed.code, resumed.stderr).toBe(0);
    const whole = await work.run([...args.slice(0, -2), "--json"]);
    const [one, other] = [resumed, whole].map(({ stdout }) => evalDocument.parse(JSON.parse(stdout)));
    expect(one?.bySeed).toEqual(other?.bySeed);
    const verified = await work.run(["verify", "kept", "--json"]);
    expect(verified.code, verified.stderr).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      verified: true,
      legs: { "a-first": { equal: 100 }, "b-first": { equal: 100 } },
    });
  });
});

describe("compare", { timeout: 240_000 }, () => {
  it("stops when the test is decided: 0 for better, 1 for not", async () => {
    const better = await work.run(["compare", "greedy", "random", "--until", "sprt", "--json"]);
    expect(better.code, better.stderr).toBe(0);
    const result = compareDocument.parse(JSON.parse(better.stdout));
    expect(result).toMatchObject({
      decision: "better",
      sprt: { verdict: "elo1" },
      selfCheck: { seeds: 4, equal: 4 },
    });
    expect(result.pairs).toBeLessThan(200);
    expect(result.pentanomial.reduce((sum, count) => sum + count, 0)).toBe(result.pairs);
    const worse = await work.run(["compare", "random", "greedy", "--until", "sprt", "--max-pairs", "200"]);
    expect(worse.code, worse.stderr).toBe(1);
    expect(worse.stdout).toMatch(
      /LLR -\d\.\d\d in \[-2\.94, 2\.94\] {3}H0 ACCEPTED after \d+ of at most 200 pairs/,
    );
  });

  it("shows nothing between a policy and itself, exit code 1", async () => {
    const { code, stdout } = await work.run(["compare", "any.py", "any.py", "--seeds", "0", "--games", "8"]);
    expect(code).toBe(1);
    expect(stdout).toContain("A/A B/B 4/4 byte-equal");
    expect(stdout).toContain("not shown: ");
  });

  it("exits with 4 where a policy does not play the same game twice", async () => {
    const { code, stdout, stderr } = await work.run(["compare", "races.py", "random"]);
    expect(code, stderr).toBe(4);
    expect(stdout).toMatch(/A\/A B\/B [0-3]\/4 byte-equal/);
    expect(stdout).toContain("not reproducible");
  });
});

it.each([
  [["eval", "--x", "greedy"], "bad_argument"],
  [["eval", "--x", "greedy", "--o", "random", "--games", "3"], "bad_argument"],
  [["eval", "--x", "any.py", "--o", "random", "--exact"], "bad_argument"],
  [["eval", "--x", "absent.py", "--o", "random"], "bad_policy"],
  [["eval", "--x", "random", "--o", "random", "--resume"], "bad_argument"],
  [["eval", "--x", "random", "--o", "random", "--env", "go"], "bad_argument"],
  [["eval", "--x", "random", "--env", "go"], "unknown_environment"],
  [["compare", "random"], "bad_argument"],
  [["compare", "random", "greedy", "--max-pairs", "9"], "bad_argument"],
  [["compare", "random", "greedy", "--until", "sprt", "--games", "10"], "bad_argument"],
  [["compare", "random", "greedy", "--elo", "50,0"], "bad_argument"],
])("refuses %j with exit code 2", async (args, code) => {
  const ended = await work.run([...args, "--json"]);
  expect(ended.code).toBe(2);
  expect(errorDocument.parse(JSON.parse(ended.stdout)).error.code).toBe(code);
});
