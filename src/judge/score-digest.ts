import { digestOf, type Digest, sha256Of } from "../base/digest.ts";
import type { Limits } from "../model/limits.ts";
import type { ScoreItem, ScoreResult, ScoreTask } from "../model/score.ts";
import type { SettledRun } from "./run-test.ts";

/** Changes when the judge itself gives other verdicts on the same completion. */
const judgeVersion = 2;

/** The digest of a task: of everything that it says, whatever the order of its keys. */
export function taskDigest(task: ScoreTask): Digest {
  return digestOf(`sameseed/score-task/1\n${canonicalJson(task)}`);
}

/** The digest of what is scored: two items that share it have the same score. */
export function itemKey(
  task: string,
  { completion, files }: Pick<ScoreItem, "completion" | "files">,
  limits: Limits,
  image: string,
): Digest {
  const solution = completion === undefined ? { files: files ?? {} } : { completion };
  return digestOf(
    `sameseed/score-item/${judgeVersion}\n${task}\n${image}\n${canonicalJson(limits)}\n${canonicalJson(solution)}`,
  );
}

/** Whether a clock decided when a test ended, and with it what was there by then. */
export function endsByClock(verdict: string): boolean {
  return verdict.startsWith("time_limit") || verdict === "output_limit";
}

/**
 * The digest of a score: of the item and of what was found, without timings. What a solution answered is in it where its end
 * did not depend on a clock.
 */
export function scoreDigest(
  key: string,
  { verdict, score, tests }: Pick<ScoreResult, "verdict" | "score" | "tests">,
  runs: readonly (SettledRun | undefined)[],
): Digest {
  const found = tests.map(({ name, weight, verdict: own, exitCode, signal }, at) => {
    const answer = runs[at]?.run.answer;
    const isTimed = endsByClock(own);
    return {
      name,
      weight,
      verdict: own,
      ...(isTimed ? {} : { exitCode, signal }),
      answer: answer === undefined || isTimed ? null : sha256Of([answer]).toString("hex"),
    };
  });
  return digestOf(`sameseed/score/1\n${key}\n${canonicalJson({ verdict, score, tests: found })}`);
}

/** JSON with sorted keys, and without those that are undefined. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
