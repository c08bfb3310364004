import { stripVTControlCharacters } from "node:util";

import { rowKey } from "../../model/branch.ts";
import { isComplete, outcomes, type Outcome } from "../../model/outcome.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import { whereRaised } from "../../rollout/where-raised.ts";
import { count, formatReward } from "./numbers.ts";
import { clip, longestFailure, type Painter } from "./style.ts";
import { formatTable, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "seed", align: "right" },
  { title: "outcome" },
  { title: "steps", align: "right" },
  { title: "return", align: "right" },
  { title: "play digest" },
];

/**
 * How a digest is shown, by the room there is: so that rollouts are told apart by eye. It is the play digest, which is
 * equal where the play is equal, under whichever image; the image stands in the line above the table.
 */
const digestForms: readonly ((digest: string) => string)[] = [
  digestText,
  (digest) => `${digest.slice("sha256:".length, "sha256:".length + 8)}…`,
];

/** A digest as tables have it where there is room. */
export function digestText(digest: string): string {
  return `${digest.slice(0, "sha256:".length + 16)}…`;
}

/** An image as lines name it: its name and the beginning of its digest, or that alone where it was named by digest. */
export function imageText(name: string, digest: string): string {
  const short = digest.slice(0, 12);
  return name === digest ? `image ${short}` : `image ${name} ${short}`;
}

/** A table of rollouts. @param width the most characters of a line; a digest that has no room is cut, or left out */
export function formatRollouts(
  rollouts: Iterable<RolloutSummary>,
  paint: Painter,
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const rows = [...rollouts];
  const isBranches = rows.some(({ branch }) => branch !== undefined);
  const cells = rows.map(({ seed, branch, outcome, steps, totalReward, playDigest }) => ({
    digest: playDigest,
    others: [
      String(rowKey({ seed, ...(branch === undefined ? {} : { branch }) })),
      paintOutcome(outcome, paint),
      String(steps),
      formatReward(totalReward),
    ],
  }));
  const titled = isBranches ? [{ ...columns[0]!, title: "branch" }, ...columns.slice(1)] : columns;
  const tableWith = (form: (digest: string) => string): string[] =>
    formatTable(
      titled,
      cells.map(({ others, digest }) => [...others, form(digest)]),
    );
  const fits = (lines: readonly string[]): boolean =>
    lines.every((line) => stripVTControlCharacters(line).length + 2 <= width);
  const table =
    digestForms.map(tableWith).find(fits) ??
    formatTable(
      titled.slice(0, -1),
      cells.map(({ others }) => others),
    );
  const [head = "", ...body] = table;
  return [`  ${paint("dim", head)}`, ...body.map((line) => `  ${line}`)];
}

/** One line on a rollout that ended in a fault. */
export function formatFault({ seed, branch, outcome, error, steps }: RolloutSummary, paint: Painter): string {
  // A process that was ended from outside did not say where it was; what it recorded is known.
  const isKnown = error?.step !== undefined && error.traceback !== undefined;
  const where = isKnown
    ? error.step === 0
      ? "at the reset"
      : `at step ${error.step}`
    : `after ${count(steps, "step")}`;
  const what =
    error === undefined ? "" : `: ${faultText(error.type, error.message || whereRaised(error.traceback))}`;
  const name = branch === undefined ? `seed ${seed}` : `branch ${branch.number}`;
  return `  ${name} ${paint("bad", outcome)} ${where}${what}`;
}

/** A line for each kind of fault: rollouts that ended in the same fault at the same step share one. */
export function formatFaults(rollouts: Iterable<RolloutSummary>, most: number, paint: Painter): string[] {
  const folded = new Map<string, { readonly first: RolloutSummary; many: number }>();
  for (const row of rollouts) {
    if (isComplete(row.outcome)) continue;
    const { outcome, error, steps } = row;
    const key = JSON.stringify([outcome, error?.type, error?.message, error?.step ?? steps]);
    const known = folded.get(key);
    if (known === undefined) folded.set(key, { first: row, many: 1 });
    else known.many++;
  }
  const lines = [...folded.values()].map(({ first, many }) =>
    many === 1 ? formatFault(first, paint) : `${formatFault(first, paint)} (and ${many - 1} more alike)`,
  );
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `  … ${count(more, "other fault")}`] : lines;
}

/** How many rollouts ended how, such as `3 terminated, 1 env_error`. */
export function formatOutcomes(counts: Readonly<Partial<Record<Outcome, number>>>, paint: Painter): string {
  return outcomes
    .flatMap((name) => (counts[name] === undefined ? [] : [`${counts[name]} ${paintOutcome(name, paint)}`]))
    .join(", ");
}

/** A Python exception's type is part of what a person reads; the words for other faults are not. */
function faultText(type: string, message: string): string {
  const isException = /^[A-Z]/.test(type) && !message.startsWith(type);
  return clip(isException ? `${type}: ${message}` : message, longestFailure);
}

/** An outcome; a fault stands out. */
export function paintOutcome(outcome: Outcome, paint: Painter): string {
  return isComplete(outcome) ? outcome : paint("bad", outcome);
}
