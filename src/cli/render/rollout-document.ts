import type { RolloutSummary } from "../../model/rollout.ts";
import type { RunStatistics } from "../../store/run-reader.ts";

/** A rollout as `run --json` and `--ndjson` print it: part of the stable command line. */
export type RolloutDocument = Pick<
  RolloutSummary,
  "seed" | "branch" | "outcome" | "totalReward" | "steps" | "digest" | "receipt" | "timings" | "error"
>;

/** Takes from a rollout's row what the stable command line prints of it. */
export function toRolloutDocument(summary: RolloutSummary): RolloutDocument {
  const { seed, branch, outcome, totalReward, steps, digest, receipt, timings, error } = summary;
  return {
    seed,
    ...(branch === undefined ? {} : { branch }),
    outcome,
    totalReward,
    steps,
    digest,
    receipt,
    timings,
    ...(error === undefined ? {} : { error }),
  };
}

/** A run in numbers, as `run --json` and `--ndjson` print it. */
export interface SummaryDocument {
  /** Rollouts of the whole run, those recorded before `--resume` included. */
  readonly rollouts: number;
  readonly outcomes: RunStatistics["outcomes"];
  /** Of complete rollouts; null without any. */
  readonly meanReward: number | null;
  /** How long this command recorded, in milliseconds. */
  readonly wallMs: number;
  /** Of this command: rollouts that `--resume` found recorded do not count. */
  readonly rolloutsPerSecond: number;
}

/** Puts a run's numbers together. @param recorded rollouts that this command recorded */
export function toSummaryDocument(
  { rollouts, outcomes, meanReward }: RunStatistics,
  recorded: number,
  wallMs: number,
): SummaryDocument {
  return {
    rollouts,
    outcomes,
    meanReward,
    wallMs: Math.round(wallMs * 1000) / 1000,
    rolloutsPerSecond: wallMs > 0 ? Math.round((recorded / wallMs) * 1e6) / 1000 : 0,
  };
}
