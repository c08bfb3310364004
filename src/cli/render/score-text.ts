import { type ScoreResult, type ScoreVerdict } from "../../model/score.ts";
import { count, formatDuration, formatRate } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";
import { formatTable } from "./table.ts";

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

/** Of how many completions the host may fail one before the whole is not to be trusted. */
const oneIn = 20;
const shownRows = 20;

/** Adds scores up. */
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

/** The exit code of a command that scored: a task at fault is a no, a host that fails is worse. */
export function scoreExitCode(results: readonly ScoreResult[]): number {
  const infra = results.filter(({ verdict }) => verdict === "infra_error").length;
  if (infra * oneIn > results.length) return 3;
  return results.some(({ verdict }) => verdict === "grader_error") ? 1 : 0;
}

/** Scores for people: a row for each completion, and what they come to. */
export function formatScores(results: readonly ScoreResult[], wallMs: number, paint: Painter): string[] {
  const summary = summarizeScores(results);
  const rows = results
    .slice(0, shownRows)
    .map(({ id, task, score, verdict, passed, total, flags }) => [
      id,
      task,
      score === null ? "null" : String(Number(score.toFixed(3))),
      paint(score === 1 ? "good" : score === null ? "warn" : "bad", verdict),
      `${passed}/${total}`,
      paint("dim", flags.join(", ")),
    ]);
  const [head = "", ...body] = formatTable(
    [
      { title: "completion" },
      { title: "task" },
      { title: "score", align: "right" },
      { title: "verdict" },
      { title: "tests", align: "right" },
      { title: "looks like" },
    ],
    rows,
  );
  const left = results.length - rows.length;
  const verdicts = Object.entries(summary.verdicts).map(([verdict, number]) => `${number} ${verdict}`);
  const mean = summary.meanScore === null ? "no score" : `mean score ${summary.meanScore.toFixed(3)}`;
  const rate = `${formatRate((results.length / Math.max(1, wallMs)) * 1000)}/s`;
  return [
    `  ${paint("dim", head)}`,
    ...body.map((line) => `  ${line}`),
    ...(left > 0 ? [`  … and ${left} more; --json and --ndjson have all`] : []),
    `${count(results.length, "completion")} in ${formatDuration(wallMs)} (${rate}): ${mean}, ${verdicts.join(", ")}`,
    ...Object.entries(summary.badTasks).map(
      ([task, message]) => `${paint("warn", "task at fault:")} ${task}: ${clip(message, 300)}`,
    ),
  ];
}
