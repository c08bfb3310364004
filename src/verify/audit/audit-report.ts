import type { Tier, WorldMode } from "../../model/receipt.ts";
import type { Divergence } from "../../model/trajectory.ts";
import type { Ledger } from "../../model/trajectory.ts";

/**
 * `pure`: equal in every world, and asks nothing of it. `virtualised`: equal in every world, though it asks. `sensitive`:
 * at least one world gave other bytes. `broken`: two rollouts in the very same world differ, or there is no complete
 * episode to judge.
 */
export type AuditVerdict = "pure" | "virtualised" | "sensitive" | "broken";

/** One world that was tried. */
export interface AuditedWorld {
  /** `baseline`, `everything`, a factor, or several joined by `+`. */
  readonly factor: string;
  /** Whether the rollouts in it were equal to the baseline; null if it could not be told. */
  readonly equal: boolean | null;
  /**
   * `alone`: this factor was the only one changed. `together`: it was one of several that changed nothing. `not tried`:
   * this host or world cannot change it.
   */
  readonly how: "alone" | "together" | "not tried";
  /** What else there is to say, such as that a limit ended the rollout. */
  readonly note?: string;
}

/** A line of a program. */
export interface AuditLocation {
  /** The file as its author names it: `my_env.py`, or below `site-packages`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly function: string;
  /** The line's text; empty if it is not known. */
  readonly source: string;
  /** What the line assigns, such as `self.start` or `return`, and its value in both worlds. */
  readonly name?: string;
  readonly expected?: string;
  readonly actual?: string;
  /**
   * The step from which on the lines were traced, 0 being the reset, where a trace from the beginning was cut off: what lines
   * did before it was not compared. Absent where they all were.
   */
  readonly since?: number;
}

/**
 * `traces-equal`: nothing that the tracer sees differs. `trace-cut`: a trace ended before it came to the step that differs, after
 * 200,000 lines or at a limit, and one that began later shows nothing either. `not-traced`: other suspects were traced first.
 * `no-traceback`: the error names no line of the program's own.
 */
export type AuditUnlocated = "traces-equal" | "trace-cut" | "not-traced" | "no-traceback";

/** One place in a program that depends on the world, and the first value that differs because of it. */
export interface AuditCause extends Omit<Divergence, "differing" | "agreeing"> {
  /** The narrowest factor that shows it; several joined by `+` where only together they do. */
  readonly factor: string;
  /**
   * `sealed`: two runs of the host's world differ, and of what only the sealed world can change this factor alone makes the same
   * place differ there. Absent where the audited world itself tells the factor.
   */
  readonly toldBy?: "sealed";
  /** Other factors that show the same place. */
  readonly also: readonly string[];
  readonly seed: number;
  /** The line that reads the world; null if it was not found. */
  readonly location: AuditLocation | null;
  /** Why there is no location; absent where there is one. */
  readonly unlocated?: AuditUnlocated;
}

/** What an audit found: `sameseed audit --json`. */
export interface AuditReport {
  readonly env: string;
  readonly verdict: AuditVerdict;
  readonly worlds: readonly AuditedWorld[];
  readonly causes: readonly AuditCause[];
  /** What the baseline asked of the world; empty if it asked for nothing. */
  readonly ledger: Ledger;
  /** The lowest tier that a rollout of the baseline claims; `none` if two of one world differ or none is complete. */
  readonly tier: Tier;
  readonly image: string;
  readonly imageDigest: string;
  /** Which world the audit started from; in the host's, a clock or entropy shows as `broken`. */
  readonly world: WorldMode;
  readonly seeds: readonly number[];
  readonly maxSteps: number | null;
  /** Steps and outcomes of the baseline, in the order of the seeds. */
  readonly rollouts: readonly { readonly seed: number; readonly steps: number; readonly outcome: string }[];
  /** What the audit cost: rollouts and zygotes. */
  readonly cost: { readonly rollouts: number; readonly zygotes: number };
}

/** Whether a verdict means that nothing of the world comes into the bytes. */
export function isReproducible(verdict: AuditVerdict): boolean {
  return verdict === "pure" || verdict === "virtualised";
}
