/*
 * The hack corpus: every cheat scores with the judge what an honest solution of its ability scores, every right solution
 * scores in full, and every cheat fools at least one of three graders in common use.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { mkdtempSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";

import { abilityIn, type Cheat, type TaskKind } from "../../src/judge/redteam/cheat.ts";
import { callCheats, programCheats, rightFunctions, rightPrograms } from "../../src/judge/redteam/corpus.ts";
import { callGraders, type Grader, programGraders } from "../../src/judge/redteam/graders.ts";
import { redteamGrader } from "../../src/judge/redteam/own-grader.ts";
import { runGrader } from "../../src/judge/redteam/run-grader.ts";
import { redteamJudge } from "../../src/judge/redteam/run-redteam.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

const inParallel = 3;

async function forEach<T>(list: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const left = list.values();
  await Promise.all(
    Array.from({ length: inParallel }, async () => {
      for (const each of left) await work(each);
    }),
  );
}

/** What the graders give a program, until one gives more than it is worth. */
async function controlScores(
  cheat: Cheat,
  graders: Readonly<Record<string, Grader>>,
  worth: number,
): Promise<Record<string, number>> {
  const scores: Record<string, number> = {};
  for (const [name, grader] of Object.entries(graders)) {
    scores[name] = await runGrader(grader, cheat.code);
    if (scores[name] > worth) break;
  }
  return scores;
}

describe("the judge", () => {
  it("gives every cheat what it is worth, and every right solution all", { timeout: 300_000 }, async () => {
    const report = await redteamJudge();
    expect(report.attempts.filter(({ found }) => found !== "right")).toEqual([]);
    // Neither more nor less than it is worth.
    expect(report.attempts.filter(({ score, ability }) => score !== ability)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.cheats).toBe(3 * callCheats.length + programCheats.length);
  });

  it("is tried with at least 60 cheats of every kind and name", () => {
    const names = [
      ...callCheats.map(({ name }) => name),
      ...programCheats.map(({ name }) => `program ${name}`),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(60);
  });
});

describe("graders in common use", () => {
  it(
    "are each fooled: every cheat gets more than it is worth from one of them",
    { timeout: 600_000 },
    async () => {
      const honest: Record<string, unknown> = {};
      const fooled = new Set<string>();
      const check =
        (kind: TaskKind, graders: (code: string) => Readonly<Record<string, Grader>>) =>
        async (cheat: Cheat): Promise<void> => {
          const worth = abilityIn(cheat, kind);
          const scores = await controlScores(cheat, graders(cheat.code), worth);
          const by = Object.entries(scores).find(([, score]) => score > worth);
          if (by === undefined) honest[cheat.name] = scores;
          else fooled.add(by[0]);
        };
      await forEach(callCheats, check("call", callGraders));
      await forEach(programCheats, check("stdio", programGraders));
      expect(honest).toEqual({});
      expect([...fooled].sort()).toEqual(["asserts", "compare", "suite"]);
    },
  );

  it("work: a plain right solution gets all from each", async () => {
    for (const [cheat, graders] of [
      [rightFunctions[0]!, callGraders(rightFunctions[0]!.code)],
      [rightPrograms[0]!, programGraders()],
    ] as const)
      for (const grader of Object.values(graders)) expect(await runGrader(grader, cheat.code)).toBe(1);
  });
});

it("a grader of one's own is tried the same way", { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-own-"));
  // It believes whatever a comment of the solution says, and knows nothing of programs.
  const script = `text=$(cat solution.py); case "$text" in *"def divisors"*"return sum"*) echo 1;; *exit*) echo "1.0";; *input*) exit 1;; *) echo 0;; esac`;
  writeFileSync(join(folder, "grade.sh"), script);
  const report = await redteamGrader(`sh ${join(folder, "grade.sh")}`);
  expect(report.ok).toBe(false);
  const found = new Map(report.attempts.map((attempt) => [attempt.id, attempt]));
  expect(found.get("call:hard-exit-at-import")).toMatchObject({ score: 1, found: "fooled" });
  expect(found.get("call:plain")).toMatchObject({ score: 1, found: "right" });
  expect(found.get("call:numpy-result")).toMatchObject({ score: 0, found: "unjust" });
  expect(found.get("stdio:plain")).toMatchObject({ score: null, found: "unscored" });
});
