import { summarizeScores } from "../../judge/summarize-scores.ts";
import type { ScoreResult } from "../../model/score.ts";
import { count, formatDuration, formatRate } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";
import { formatTable } from "./table.ts";

/** Of how many completions the host may fail one before the whole is not to be trusted. */
const oneIn = 20;
const shownRows = 20;

/** The exit code of a command that scored: a task at fault is a no, a host that fails is worse. */
export function scoreExitCode(results: readonly ScoreResult[]): number {
  const infra = results.filter(({ verdict }) => verdict === "infra_error").length;
  if (infra * oneIn > results.length) return 3;
  return results.some(({ verdict }) => verdict === "grader_error") ? 1 : 0;
}

/**
 * Scores for people: a row for each completion, and what they come to.
 * @param wallMs how long scoring them took; undefined for scores that were recorded
 */
export function formatScores(
  results: readonly ScoreResult[],
  wallMs: number | undefined,
  paint: Painter,
): string[] {
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
  const time =
    wallMs === undefined
      ? ""
      : ` in ${formatDuration(wallMs)} (${formatRate((results.length / Math.max(1, wallMs)) * 1000)}/s)`;
  return [
    `  ${paint("dim", head)}`,
    ...body.map((line) => `  ${line}`),
    ...(left > 0 ? [`  … and ${left} more; --json and --ndjson have all`] : []),
    `${count(results.length, "completion")}${time}: ${[mean, ...verdicts].join(", ")}`,
    ...Object.entries(summary.badTasks).map(
      ([task, message]) => `${paint("warn", "task at fault:")} ${task}: ${clip(message, 300)}`,
    ),
  ];
}
