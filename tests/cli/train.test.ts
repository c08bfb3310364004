import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { parseQPolicy } from "../../src/evaluate/learning/q-policy-code.ts";
import { readCheckpoint } from "../../src/evaluate/learning/training-checkpoint.ts";
import { errorDocument } from "./documents.ts";
import { linesOf, startSameseed, Workplace } from "./sameseed.ts";

const work = new Workplace({
  "first_free.py": "def choose_action(board, player, rng):\n    return board.index(None)\n",
  "cheats.py": "def choose_action(board, player, rng):\n    return 0\n",
  "hangs.py": "def choose_action(board, player, rng):\n    while True:\n        pass\n",
});
afterAll(() => work[Symbol.dispose]());

const round = z.object({
  round: z.number(),
  episodes: z.number(),
  candidate: z.string(),
  champion: z.string(),
  pairs: z.number(),
  pentanomial: z.array(z.number()).length(5),
  llr: z.number(),
  verdict: z.enum(["better", "not better", "undecided"]),
  promoted: z.boolean(),
});
const seats = z.object({ x: z.number(), o: z.number() });
const trainDocument = z.object({
  env: z.literal("tictactoe"),
  settings: z.object({ seed: z.number(), plannedEpisodes: z.number(), against: z.string() }),
  episodes: z.number(),
  stopped: z.enum(["episodes", "patience"]),
  rounds: z.array(round),
  policy: z
    .object({
      episodes: z.number(),
      boards: z.number(),
      digest: z.string(),
      file: z.string().nullable(),
      exact: z.object({ againstRandom: seats, bestAgainstRandom: seats, againstPerfect: seats }),
    })
    .nullable(),
});

/** Few episodes and small contests: what is asked is whether the parts hold together. */
const quick = ["train", "--episodes", "6000", "--evaluate-every", "2000", "--seed", "7", "--max-pairs", "40"];

function bytes(name: string): string {
  return readFileSync(work.path(name), "utf8");
}

describe("train", { timeout: 240_000 }, () => {
  it("writes the policy that won, and gives the same bytes again one game at a time", async () => {
    const first = await work.run([...quick, "--out", "first.py", "--json"]);
    expect(first.code, first.stderr).toBe(0);
    const document = trainDocument.parse(JSON.parse(first.stdout));
    const { table, digest, randomMoves } = parseQPolicy(bytes("first.py"));
    expect(document.policy).toMatchObject({ digest, file: "first.py", boards: table.rows.size });
    expect(table.settings).toMatchObject({ seed: 7, plannedEpisodes: 6000, against: "self" });
    expect(randomMoves).toBe(0);
    const promoted = document.rounds.filter((each) => each.promoted);
    expect(promoted[0]).toMatchObject({ round: 1, champion: "random", verdict: "better" });
    expect(document.policy?.episodes).toBe(promoted.at(-1)?.episodes);
    expect(promoted.at(-1)?.candidate).toBe(digest);
    for (const { pentanomial, pairs } of document.rounds)
      expect(pentanomial.reduce((sum, each) => sum + each)).toBe(pairs);
    expect(linesOf(first.stderr)).toHaveLength(document.rounds.length);
    expect(existsSync(work.path("first.py.training"))).toBe(false);
    expect(existsSync(work.path("first.py.training.lock"))).toBe(false);

    const again = await work.run([...quick, "--out", "again.py", "--json", "--concurrency", "1"]);
    expect(bytes("again.py")).toBe(bytes("first.py"));
    const twin = trainDocument.parse(JSON.parse(again.stdout));
    expect(twin.rounds).toEqual(document.rounds);
    const fewer = ["train", "--episodes", "2000", "--seed", "8", "--max-pairs", "32", "--out", "other.py"];
    const other = await work.run(fewer);
    expect(other.code).toBe(0);
    expect(bytes("other.py")).not.toBe(bytes("first.py"));
    expect(other.stdout).toMatch(/^ {2}exact value against random play {3}\+0\.\d{4} as X, /m);
    expect(other.stdout).toMatch(/^wrote other\.py$/m);
  });

  it("writes the policy below policies/ and says where, if no file was named", async () => {
    const few = ["train", "--episodes", "2000", "--seed", "8", "--max-pairs", "32"];
    const ended = await work.run(few);
    expect(ended.code, ended.stderr).toBe(0);
    const file = /^wrote (policies\/tictactoe-[0-9a-f-]+\.py)$/m.exec(ended.stdout)?.[1] ?? "";
    await work.run([...few, "--out", "named/same.py"]);
    expect(bytes(file)).toBe(bytes("named/same.py"));
    expect(readdirSync(work.path("policies"))).toHaveLength(1);
  });

  it("killed in the middle and resumed, ends with the file of one that was not", async () => {
    const long = [
      "train",
      "--episodes",
      "9000",
      "--evaluate-every",
      "3000",
      "--seed",
      "3",
      "--max-pairs",
      "24",
    ];
    const whole = await work.run([...long, "--out", "whole.py", "--json"]);
    expect(whole.code).toBe(0);
    const { child, ended } = startSameseed([...long, "--out", "cut.py"], { cwd: work.folder });
    // Somewhere in the second round: after its first piece, before its contest is over.
    while ((readCheckpoint(work.path("cut.py.training"))?.rounds.length ?? 0) < 1) await sleep(5);
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(existsSync(work.path("cut.py"))).toBe(false);

    const refused = await work.run([...long, "--out", "cut.py", "--json"]);
    expect(refused.code).toBe(2);
    expect(errorDocument.parse(JSON.parse(refused.stdout)).error.code).toBe("run_exists");
    const differs = await work.run([...long.with(6, "4"), "--out", "cut.py", "--resume", "--json"]);
    expect(errorDocument.parse(JSON.parse(differs.stdout)).error).toMatchObject({
      code: "run_differs",
      context: { differing: ["seed"] },
    });
    const resumed = await work.run([...long, "--out", "cut.py", "--resume", "--json"]);
    expect(resumed.code).toBe(0);
    expect(bytes("cut.py")).toBe(bytes("whole.py"));
    const rounds = (text: string): unknown => trainDocument.parse(JSON.parse(text)).rounds;
    expect(rounds(resumed.stdout)).toEqual(rounds(whole.stdout));
  });

  it("exits with 130 when it is interrupted, and says how to go on", async () => {
    const args = ["train", "--episodes", "1000000", "--out", "stopped.py"];
    const { child, ended } = startSameseed(args, { cwd: work.folder });
    while (!existsSync(work.path("stopped.py.training"))) await sleep(5);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("the training is saved in stopped.py.training");
    expect(stderr).toMatch(/^ {2}resume: sameseed train --episodes 1000000 --out stopped\.py --resume$/m);
  });

  it("exits with 1 and writes nothing where nothing was better than random play", async () => {
    const few = ["train", "--episodes", "1", "--max-pairs", "1", "--out", "few.py"];
    const { code, stdout } = await work.run(few);
    expect(code).toBe(1);
    expect(stdout).toContain("no policy was better than random play, so none was saved");
    expect(existsSync(work.path("few.py"))).toBe(false);
    expect(existsSync(work.path("few.py.training"))).toBe(false);
  });

  it("learns from a policy that is source, and refuses one that does not play", async () => {
    const against = ["train", "--episodes", "2000", "--seed", "1", "--max-pairs", "32", "--json"];
    const first = await work.run([...against, "--against", "first_free.py", "--out", "answer.py"]);
    expect(first.code, first.stderr).toBe(0);
    const { settings } = parseQPolicy(bytes("answer.py")).table;
    expect(settings.against).toMatch(/^first_free\.py sha256:[0-9a-f]{64}$/);
    const again = await work.run([...against, "--against", "first_free.py", "--out", "answer2.py"]);
    expect(again.code).toBe(0);
    expect(bytes("answer2.py")).toBe(bytes("answer.py"));

    const cheat = await work.run([...against, "--against", "cheats.py"]);
    expect(cheat.code).toBe(2);
    const { error } = errorDocument.parse(JSON.parse(cheat.stdout));
    expect(error).toMatchObject({ code: "bad_policy", context: { fault: "illegal_action" } });
    expect(error.message).toMatch(
      /^cheats\.py failed as [XO] in episode \d+: illegal_action: 0 is not one of/,
    );
    const hang = await work.run([...against, "--against", "hangs.py"]);
    const hung = errorDocument.parse(JSON.parse(hang.stdout)).error;
    expect(hung).toMatchObject({ code: "bad_policy", context: { fault: "cpu_limit" } });
  });

  it("refuses misuse before anything runs, and never writes over a file", async () => {
    writeFileSync(work.path("mine.py"), "# mine\n");
    for (const [args, code] of [
      [["--alpha", "2"], "bad_argument"],
      [["--alpha", "0.5..0.1..0.2"], "bad_argument"],
      [["--epsilon", "x"], "bad_argument"],
      [["--gamma", "1.5"], "bad_argument"],
      [["--episodes", "0"], "bad_argument"],
      [["--evaluate-every", "1500"], "bad_argument"],
      [["--elo", "50,0"], "bad_argument"],
      [["--resume"], "bad_argument"],
      [["--against", "nobody"], "bad_policy"],
      [["--against", "missing.py"], "bad_policy"],
      [["--out", "mine.py"], "run_exists"],
    ] as const) {
      const ended = await work.run(["train", ...args, "--json"]);
      expect(ended.code, args.join(" ")).toBe(2);
      expect(errorDocument.parse(JSON.parse(ended.stdout)).error.code, args.join(" ")).toBe(code);
    }
    expect(bytes("mine.py")).toBe("# mine\n");
  });
});
