import type { SameseedError } from "../../base/error.ts";
import type { SettledBranch } from "../../branch/branch-config.ts";
import type { BranchRunResult } from "../../branch/branch-run.ts";
import type { BranchLineage } from "../../model/branch.ts";
import { isComplete, outcomes, type Outcome } from "../../model/outcome.ts";
import { shellPath } from "../parse/shell-words.ts";
import { shownPath } from "../record-with-progress.ts";
import { mapRewards, type RewardSum, withReward } from "../../model/reward-sum.ts";
import { count, formatDuration, formatReward } from "./numbers.ts";
import { toRolloutDocument, type RolloutDocument } from "./rollout-document.ts";
import { digestText, formatFaults, formatOutcomes, paintOutcome } from "./run-text.ts";
import { clip, type Painter } from "./style.ts";
import { formatTable, type Column } from "./table.ts";

/** A run of branches as `branch --json` prints it: part of the stable command line. */
export interface BranchDocument extends Omit<BranchRunResult, "branches"> {
  readonly branches: readonly SettledDocument[];
  readonly summary: {
    readonly branches: number;
    /** Branches that the host failed. */
    readonly failed: number;
    readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
    /** The mean return, from the reset on, of complete branches; null without any. */
    readonly meanReturn: RewardSum;
    /** The older name of {@link meanReturn}. */
    readonly meanReward: RewardSum;
    readonly wallMs: number;
  };
}

/** One branch of a {@link BranchDocument}. */
export interface SettledDocument {
  readonly status: SettledBranch["status"];
  readonly number: number;
  readonly reseed: number | null;
  readonly rollout?: RolloutDocument;
  readonly error?: ReturnType<SameseedError["toJSON"]>;
}

const columns: readonly Column[] = [
  { title: "branch", align: "right" },
  { title: "reseed", align: "right" },
  { title: "outcome" },
  { title: "steps", align: "right" },
  { title: "return", align: "right" },
  { title: "play digest" },
];

const mostRows = 10;

/** Puts the stable document together. */
export function toBranchDocument(result: BranchRunResult, wallMs: number): BranchDocument {
  const { branches, ...rest } = result;
  return {
    ...rest,
    branches: branches.map((own): SettledDocument => {
      const { status, number, reseed } = own;
      return own.status === "fulfilled"
        ? { status, number, reseed, rollout: toRolloutDocument(own.rollout) }
        : { status, number, reseed, error: own.error.toJSON() };
    }),
    summary: { ...inNumbers(branches), wallMs: Math.round(wallMs * 1000) / 1000 },
  };
}

/** What branching concludes: 0 every branch is a complete episode, 1 some ended in a fault, 3 the host failed some. */
export function judgeBranches({ branches }: BranchRunResult): 0 | 1 | 3 {
  if (branches.some(({ status }) => status === "rejected")) return 3;
  return branches.every((own) => own.status === "fulfilled" && isComplete(own.rollout.outcome)) ? 0 : 1;
}

/** A run of branches for people. */
export function formatBranches(result: BranchRunResult, wallMs: number, paint: Painter): string[] {
  const { branches, parent, step, dir } = result;
  const numbers = inNumbers(branches);
  const folder = shownPath(dir);
  const rows = branches.slice(0, mostRows).map((own) => cells(own, paint));
  const [head = "", ...body] = formatTable(columns, rows);
  const more = branches.length - mostRows;
  const rollouts = branches.flatMap((own) => (own.status === "fulfilled" ? [own.rollout] : []));
  const mean = numbers.meanReturn === null ? "" : ` · mean return ${formatReward(numbers.meanReturn)}`;
  const failed = numbers.failed === 0 ? "" : ` · ${paint("bad", `${numbers.failed} failed`)}`;
  const from = parent.branch === undefined ? "" : ` branch ${parent.branch}`;
  return [
    `${paint("strong", `seed ${parent.seed}${from}`)} from step ${step} on`,
    paint("dim", result.link),
    "",
    `  ${paint("dim", head)}`,
    ...body.map((line) => `  ${line}`),
    ...(more > 0 ? [`  … ${more} more: sameseed branch --json prints all`] : []),
    "",
    ...formatFaults(rollouts, mostRows, paint),
    ...branches.flatMap((own) => (own.status === "rejected" ? [failure(own, paint)] : [])).slice(0, mostRows),
    `${count(branches.length, "branch", "branches")}: ${formatOutcomes(numbers.outcomes, paint)}${mean}${failed} · ${formatDuration(wallMs)}`,
    `recorded in ${folder}`,
    ...(rollouts.some(({ outcome }) => isComplete(outcome))
      ? [
          `next: ${paint("strong", `sameseed verify ${shellPath(folder)}`)} runs all of them again and compares every byte`,
        ]
      : []),
  ];
}

/** Where a branch comes from, in one line. */
export function lineageText({ number, step, parent, reseed }: BranchLineage): string {
  const keyed = reseed === null ? "not re-keyed" : `re-keyed by ${reseed}`;
  return `branch ${number} from step ${step} on, ${keyed} · parent ${parent}`;
}

function cells(own: SettledBranch, paint: Painter): string[] {
  const start = [String(own.number), own.reseed === null ? "" : String(own.reseed)];
  if (own.status === "rejected") return [...start, paint("bad", own.error.code), "", "", ""];
  const { outcome, steps, totalReward, playDigest } = own.rollout;
  return [
    ...start,
    paintOutcome(outcome, paint),
    String(steps),
    formatReward(totalReward),
    digestText(playDigest),
  ];
}

function failure(
  { number, error }: Extract<SettledBranch, { readonly status: "rejected" }>,
  paint: Painter,
): string {
  return `  branch ${number} ${paint("bad", error.code)}: ${clip(error.message, 300)}`;
}

function inNumbers(branches: readonly SettledBranch[]): Omit<BranchDocument["summary"], "wallMs"> {
  const counts = new Map<Outcome, number>();
  let complete = 0;
  let reward: RewardSum | undefined;
  for (const own of branches) {
    if (own.status === "rejected") continue;
    const { outcome, totalReward } = own.rollout;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (!isComplete(outcome)) continue;
    complete++;
    reward = withReward(reward, totalReward);
  }
  const meanReturn = reward === undefined ? null : mapRewards(reward, (sum) => sum / complete);
  return {
    branches: branches.length,
    failed: branches.filter(({ status }) => status === "rejected").length,
    outcomes: Object.fromEntries(
      outcomes.flatMap((name) => (counts.has(name) ? [[name, counts.get(name)]] : [])),
    ),
    meanReturn,
    meanReward: meanReturn,
  };
}
