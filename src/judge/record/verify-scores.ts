import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import type { ScoreResult, TestResult } from "../../model/score.ts";
import { scoreCompletions, type ScoreConfig } from "../score-completions.ts";
import { endsByClock } from "../score-digest.ts";
import { imagesOf } from "./record-scores.ts";
import { readScores } from "./score-folder.ts";

/** One recorded score and what scoring its completion again gave. */
export interface VerifiedScore {
  readonly id: string;
  /** `same`, `differs`, or `unscored` where the host failed now: that proves nothing. */
  readonly verdict: "same" | "differs" | "unscored";
  /** What differs first, where something does. */
  readonly difference?: string;
}

/** What {@link verifyScores} found. */
export interface ScoreVerification {
  readonly verified: boolean;
  readonly items: number;
  readonly same: number;
  readonly differing: readonly VerifiedScore[];
  readonly unscored: readonly VerifiedScore[];
  /** Items without a recorded score: not scored yet, or recorded without one. */
  readonly missing: number;
  /** Names of images that are not those of the recording. */
  readonly otherImages: readonly string[];
}

/** How {@link verifyScores} runs. */
export interface VerifyScoresOptions extends Omit<ScoreConfig, "items" | "fleet"> {
  /** Told of each score that was compared. */
  readonly onScore?: (score: VerifiedScore) => void;
}

const optionNames: NamesOf<VerifyScoresOptions> = { concurrency: true, signal: true, onScore: true };

/**
 * Scores every recorded completion again in fresh sandboxes and compares verdict, tests and digest, as `sameseed verify` does.
 * @throws `run_missing`, `run_damaged`; as `scoreCompletions`
 * @experimental
 */
export async function verifyScores(
  dir: string,
  options: VerifyScoresOptions = {},
): Promise<ScoreVerification> {
  refuseUnknownOptions(options, optionNames, "verifyScores");
  const { onScore, ...rest } = options;
  const { head, items, results } = readScores(dir);
  const now = imagesOf(items);
  const otherImages = Object.keys(head.images).filter((name) => now[name] !== head.images[name]);
  const wanted = items.filter(({ id }) => results.get(id!)?.trustworthy === true);
  const found: VerifiedScore[] = [];
  for await (const result of scoreCompletions({ ...rest, items: wanted })) {
    const verified = compareScores(results.get(result.id)!, result, otherImages.length === 0);
    found.push(verified);
    onScore?.(verified);
  }
  const differing = found.filter(({ verdict }) => verdict === "differs");
  const unscored = found.filter(({ verdict }) => verdict === "unscored");
  return {
    verified: differing.length === 0 && unscored.length === 0 && wanted.length === items.length,
    items: items.length,
    same: found.length - differing.length - unscored.length,
    differing,
    unscored,
    missing: items.length - wanted.length,
    otherImages,
  };
}

/** Compares a recorded score with one of now. @param sameImage whether digests can be equal */
export function compareScores(recorded: ScoreResult, now: ScoreResult, sameImage: boolean): VerifiedScore {
  const { id } = recorded;
  if (!now.trustworthy)
    return { id, verdict: "unscored", difference: `${now.verdict}: ${now.message ?? ""}` };
  const difference = differenceOf(recorded, now, sameImage);
  return difference === undefined ? { id, verdict: "same" } : { id, verdict: "differs", difference };
}

/** What follows from the task and the verdicts of its tests. */
const following = ["task", "assurance", "passed", "total", "trustworthy"] as const;

/** What of a test follows from the task and the solution; how a program ends that a clock ended is the clock's. */
function sayOf({ verdict, weight, exitCode, signal }: TestResult): string {
  return JSON.stringify([weight, ...(endsByClock(verdict) ? [] : [exitCode, signal])]);
}

function differenceOf(recorded: ScoreResult, now: ScoreResult, sameImage: boolean): string | undefined {
  if (recorded.tests.length !== now.tests.length)
    return `${recorded.tests.length} tests then, ${now.tests.length} now`;
  const at = recorded.tests.findIndex(
    (test, place) => test.verdict !== now.tests[place]!.verdict || test.name !== now.tests[place]!.name,
  );
  if (at >= 0)
    return `test ${recorded.tests[at]!.name}: ${recorded.tests[at]!.verdict} then, ${now.tests[at]!.verdict} now`;
  if (recorded.verdict !== now.verdict || recorded.score !== now.score)
    return `${recorded.verdict} (${recorded.score}) then, ${now.verdict} (${now.score}) now`;
  const field = following.find((name) => recorded[name] !== now[name]);
  if (field !== undefined) return `${field}: ${recorded[field]} then, ${now[field]} now`;
  const other = recorded.tests.find((test, place) => sayOf(test) !== sayOf(now.tests[place]!));
  if (other !== undefined) return `test ${other.name}: its weight, or how it ended, is another now`;
  if (sameImage && recorded.digest !== now.digest)
    return "the same verdicts of other answers: what the solution gives is not the same each time";
  return undefined;
}
