import type { RewardSum } from "../../model/reward-sum.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import type { RunReader, RunStatistics } from "../../store/run-reader.ts";
import type { Output } from "../output.ts";
import { jsonText } from "./json-text.ts";

/** A rollout as `run --json` and `--ndjson` print it: part of the stable command line. */
export type RolloutDocument = Pick<
  RolloutSummary,
  | "seed"
  | "branch"
  | "outcome"
  | "totalReward"
  | "steps"
  | "digest"
  | "contentDigest"
  | "playDigest"
  | "receipt"
  | "timings"
  | "error"
> & {
  /** What does not stop the rollout but weakens it, such as why rewards have no sum; left out where there is nothing. */
  readonly warnings?: RolloutSummary["warnings"];
};

/** Takes from a rollout's row what the stable command line prints of it. */
export function toRolloutDocument(summary: RolloutSummary): RolloutDocument {
  const { seed, branch, outcome, totalReward, steps, receipt, timings, error } = summary;
  const { digest, contentDigest, playDigest, warnings } = summary;
  return {
    seed,
    ...(branch === undefined ? {} : { branch }),
    outcome,
    totalReward,
    steps,
    digest,
    contentDigest,
    playDigest,
    ...(warnings.length === 0 ? {} : { warnings }),
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
  /** Of complete rollouts, elementwise; null without any, and where they cannot be added. */
  readonly meanReturn: RewardSum;
  /** The older name of {@link meanReturn}. */
  readonly meanReward: RewardSum;
  /** How long this command recorded, in milliseconds. */
  readonly wallMs: number;
  /** Of this command: rollouts that `--resume` found recorded do not count. */
  readonly rolloutsPerSecond: number;
}

/** Puts a run's numbers together. @param recorded rollouts that this command recorded */
export function toSummaryDocument(
  { rollouts, outcomes, meanReturn, meanReward }: RunStatistics,
  recorded: number,
  wallMs: number,
): SummaryDocument {
  return {
    rollouts,
    outcomes,
    meanReturn,
    meanReward,
    wallMs: Math.round(wallMs * 1000) / 1000,
    rolloutsPerSecond: wallMs > 0 ? Math.round((recorded / wallMs) * 1e6) / 1000 : 0,
  };
}

/** Writes a run as one document, a rollout a line, while it is read: no run is too long for it. */
export async function writeRunDocument(
  output: Output,
  reader: RunReader,
  dir: string,
  summary: object,
): Promise<void> {
  const { runId, spec } = reader.manifest;
  await output.write(
    `{"runId":${jsonText(runId)},"dir":${jsonText(dir)},"spec":${jsonText(spec)},"rollouts":[`,
  );
  let before = "\n";
  for (const row of reader.rows()) {
    await output.write(before + jsonText(toRolloutDocument(row)));
    before = ",\n";
  }
  await output.write(`\n],"summary":${jsonText(summary)}}\n`);
}
