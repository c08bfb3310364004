import { isComplete, outcomes, type Outcome } from "../../model/outcome.ts";
import type { EnvironmentRef, RolloutSpec, RolloutSummary, SeatPolicy } from "../../model/rollout.ts";
import { count, formatReward } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";
import { formatTable, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "seed", align: "right" },
  { title: "outcome" },
  { title: "steps", align: "right" },
  { title: "return", align: "right" },
  { title: "digest" },
];

/** How many characters of a digest tell rollouts apart for the eye. */
const shownDigest = "sha256:".length + 16;

/** An environment's name as it was asked for. */
export function environmentName(ref: EnvironmentRef): string {
  if (ref.kind === "file") return `${ref.name}:${ref.className}`;
  return ref.kind === "pettingzoo" || ref.kind === "parallel" ? `${ref.kind}:${ref.id}` : ref.id;
}

/** The names of those who pick the actions, for people. */
export function policyNames({ seats }: Pick<RolloutSpec, "seats">): string {
  return seats.map(({ policy }) => policyName(policy)).join(" v ");
}

function policyName(ref: SeatPolicy): string {
  if (ref.kind === "builtin") return ref.name;
  if (ref.kind === "none") return "nobody";
  return ref.kind === "source" ? ref.name : `a list of ${count(ref.actions.length, "action")}`;
}

/** A table of rollouts. */
export function formatRollouts(rollouts: readonly RolloutSummary[], paint: Painter): string[] {
  const rows = rollouts.map(({ seed, outcome, steps, totalReward, digest }) => [
    String(seed),
    paintOutcome(outcome, paint),
    String(steps),
    formatReward(totalReward),
    `${digest.slice(0, shownDigest)}…`,
  ]);
  const [head = "", ...body] = formatTable(columns, rows);
  return [`  ${paint("dim", head)}`, ...body.map((line) => `  ${line}`)];
}

/** One line on a rollout that ended in a fault. */
export function formatFault({ seed, outcome, error, steps }: RolloutSummary, paint: Painter): string {
  // A process that was ended from outside did not say where it was; what it recorded is known.
  const isKnown = error?.step !== undefined && error.traceback !== undefined;
  const where = isKnown
    ? error.step === 0
      ? "at the reset"
      : `at step ${error.step}`
    : `after ${count(steps, "step")}`;
  const what = error === undefined ? "" : `: ${faultText(error.type, error.message)}`;
  return `  seed ${seed} ${paint("bad", outcome)} ${where}${what}`;
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
  return clip(isException ? `${type}: ${message}` : message, 300);
}

/** An outcome; a fault stands out. */
export function paintOutcome(outcome: Outcome, paint: Painter): string {
  return isComplete(outcome) ? outcome : paint("bad", outcome);
}
