import type { ScoreResult, ScoreVerdict } from "../model/score.ts";

/** What many scores come to. */
export interface ScoreSummary {
  readonly completions: number;
  /** Those with a score. */
  readonly scored: number;
  /** Over those with a score; null where there is none. */
  readonly meanScore: number | null;
  readonly accepted: number;
  readonly verdicts: Readonly<Partial<Record<ScoreVerdict, number>>>;
  /** Tasks that are at fault, with what is wrong. */
  readonly badTasks: Readonly<Record<string, string>>;
}

/**
 * Adds scores up, as `sameseed score` does. Results without a score are counted and are in no mean.
 * @experimental
 */
export function summarizeScores(results: readonly ScoreResult[]): ScoreSummary {
  const scored = results.filter(({ score }) => score !== null);
  const verdicts: Partial<Record<ScoreVerdict, number>> = {};
  for (const { verdict } of results) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const bad = results.filter(({ verdict }) => verdict === "grader_error");
  return {
    completions: results.length,
    scored: scored.length,
    meanScore:
      scored.length === 0 ? null : scored.reduce((sum, { score }) => sum + (score ?? 0), 0) / scored.length,
    accepted: verdicts.accepted ?? 0,
    verdicts,
    badTasks: Object.fromEntries(bad.map(({ task, message }) => [task, message ?? ""])),
  };
}
