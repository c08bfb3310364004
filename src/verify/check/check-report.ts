import type { Tier, WorldMode } from "../../model/receipt.ts";
import type { Divergence } from "../../model/trajectory.ts";
import type { AuditCause, AuditVerdict } from "../audit/audit-report.ts";

/**
 * `pass`: it is as it must be. `warn`: something to know that stands in no rollout's way. `fail`: the environment is not fit.
 * `skipped`: it could not be asked, and the summary says why.
 */
export type CheckVerdict = "pass" | "warn" | "fail" | "skipped";

/** What one part of a check found. */
export interface CheckRow {
  readonly verdict: CheckVerdict;
  /** One line for a person. */
  readonly summary: string;
  /** What else there is to say, a line each. */
  readonly notes: readonly string[];
}

/** Rollouts that were run again. */
export interface RerunRow extends CheckRow {
  readonly rollouts: number;
  /** Rollouts with the same bytes. */
  readonly equal: number;
  /** The first difference of the first rollout that has one. */
  readonly firstDivergence?: Divergence;
}

/** What Gymnasium's own checker said. */
export interface GymnasiumRow extends CheckRow {
  /** What it raised; null if it passed or was not run. */
  readonly error: string | null;
}

/** What the seed of `reset()` decides, outside of Sameseed. */
export interface SeedingRow extends CheckRow {
  /** Whether the same seed gave the same episode in two processes; null if nothing could be played. */
  readonly repeatable: boolean | null;
  /** Different episodes under the seeds that were tried, all with the same actions. */
  readonly distinct: number;
  readonly of: number;
  /** Whether an episode is the same when the environment has played one before; null if it is not repeatable at all. */
  readonly survivesReset: boolean | null;
}

/** What an audit found. */
export interface AuditRow extends CheckRow {
  /** Null where it was not audited. */
  readonly audit: AuditVerdict | null;
  readonly causes: readonly AuditCause[];
}

/** The first value of a rollout that plain Gymnasium gives otherwise. */
export interface PlainDifference {
  readonly seed: number;
  /** 0 is the reset. */
  readonly step: number;
  /** `length` where one has more steps. */
  readonly field: string;
}

/** How rollouts compare with the same episodes in plain Gymnasium. */
export interface PlainRow extends CheckRow {
  /** Whether they are equal where numpy and BLAS are held to the world's numeric class in both. Null if it was not compared. */
  readonly pinned: boolean | null;
  /** The same where plain Gymnasium uses all that this processor has. */
  readonly native: boolean | null;
  readonly pinnedDifference?: PlainDifference;
  readonly nativeDifference?: PlainDifference;
  /** The numeric class of the rollouts: `x86-64-v3` or `native`. */
  readonly numericClass: string;
}

/** How fast rollouts are, against episodes in one process of plain Gymnasium. */
export interface SpeedRow extends CheckRow {
  /** Steps of one process of plain Gymnasium in a second, resets included. Null if it was not measured. */
  readonly plainStepsPerSecond: number | null;
  /** Steps of rollouts in a second: start, recording and end of each sandbox included, several at the same time. */
  readonly stepsPerSecond: number | null;
  /** The second by the first. */
  readonly ratio: number | null;
  /** From the call of one rollout to its result, in ms: the median. */
  readonly rolloutMs: number | null;
}

/** The parts of a check, in the order they are run. */
export interface CheckRows {
  readonly plays: CheckRow;
  readonly gymnasium: GymnasiumRow;
  readonly seeding: SeedingRow;
  readonly warm: RerunRow;
  readonly cold: RerunRow;
  readonly loaded: RerunRow;
  readonly audit: AuditRow;
  readonly plain: PlainRow;
  readonly speed: SpeedRow;
}

/** What a check found: `sameseed check --json`. */
export interface CheckReport {
  readonly env: string;
  /** Whether no part failed. */
  readonly fit: boolean;
  /** Whether rollouts gave the same bytes everywhere and the audit found nothing they depend on. */
  readonly reproducible: boolean;
  readonly checks: CheckRows;
  /** The lowest tier that a rollout of the check claims. */
  readonly tier: Tier;
  /** What keeps a tier below T2: guarantees of the sealed world that a rollout of the check did without, as in its receipt. */
  readonly notHeld: readonly string[];
  readonly image: string;
  readonly imageDigest: string;
  readonly world: WorldMode;
  readonly seeds: readonly number[];
  readonly maxSteps: number;
  /** A line of Markdown for a README; null if the environment is not fit. */
  readonly badge: string | null;
}

/** What is known of a check before its first part. */
export type CheckSubject = Pick<
  CheckReport,
  "env" | "image" | "imageDigest" | "world" | "seeds" | "maxSteps"
>;
