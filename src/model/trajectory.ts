import type { CborField, CborValue } from "./cbor/value.ts";
import type { JsonValue } from "./json.ts";
import type { RewardSum } from "./reward-sum.ts";
import { outcomes, type FaultKind, type FaultOwner, type Outcome } from "./outcome.ts";

/** The most bytes a frame's payload may have: 64 MiB. */
export const maxFrameBytes: number = 64 * 1024 * 1024;

/** What a frame of the referee's result stream holds. */
export type FrameType = "record" | "volatile" | "end" | "ask" | "picture";

/** One frame, as received. */
export interface Frame {
  readonly type: FrameType;
  /** Canonical CBOR. */
  readonly payload: Uint8Array;
  /** Header and payload together: what a stored trajectory keeps. */
  readonly bytes: Uint8Array;
}

/** What was asked of a sealed world since the last record: kind → count, none of them zero; absent if nothing was. */
export type Ledger = Readonly<Record<string, number>>;

/** The record of `reset()`. */
export interface ResetRecord {
  readonly kind: "reset";
  readonly k: 0;
  readonly observation: CborValue;
  readonly info: CborValue;
  /** Name of a source of randomness → 32-byte digest of its state. */
  readonly hidden: readonly CborField[];
  readonly ledger?: Ledger;
}

/** The record of one `step()`. */
export interface StepRecord {
  readonly kind: "step";
  /** From 1. */
  readonly k: number;
  readonly action: CborValue;
  readonly observation: CborValue;
  readonly reward: CborValue;
  readonly terminated: CborValue;
  readonly truncated: CborValue;
  readonly info: CborValue;
  readonly hidden: readonly CborField[];
  readonly ledger?: Ledger;
}

/** The last record of a rollout that ended by itself. */
export interface ClosingRecord {
  readonly kind: "closing";
  readonly k: number;
  readonly end: Outcome;
  readonly hidden: readonly CborField[];
  readonly ledger?: Ledger;
  /** `{type, message, step}`: what went wrong. */
  readonly error?: readonly CborField[];
  /** The action on which `step()` failed, or the one that was refused. */
  readonly action?: CborValue;
}

/** A decoded record of the chain. */
export type TrajectoryRecord = ResetRecord | StepRecord | ClosingRecord;

/** Which of the three records one is. */
export type RecordKind = TrajectoryRecord["kind"];

/** What was left out of a record, kept beside the chain. */
export interface VolatileInfo {
  /** The record it belongs to. */
  readonly k: number;
  /** Dotted path → value. */
  readonly info: readonly CborField[];
  /** Counts in which real time had a part, such as clock reads while a child process was at work. */
  readonly ledger?: Ledger;
}

/** The referee's summary, outside the chain. */
export interface EndSummary {
  readonly outcome: Outcome;
  /** Step records; `reset()` is not one. */
  readonly steps: number;
  /** Rewards added in step order, as binary64; numbers may be NaN or infinite. Null without a sum; a warning says why. */
  readonly totalReward: RewardSum;
  /** What was seeded, in order. */
  readonly seeded: readonly string[];
  readonly warnings: readonly string[];
  /** The volatile paths that were seen. */
  readonly volatile: readonly string[];
  /** 64 hex digits; differs where maps were filled in another order. */
  readonly orderDigest: string;
  /** Guarantees of the sealed world that did not hold in the environment's process; absent if all did. */
  readonly notHeld?: readonly string[];
  /** Each seat's spaces after the reset, as recorded; `readSpaces` reads them. Older recordings do not have them. */
  readonly spaces?: CborValue;
  readonly error?: EndError;
}

/** What the summary says of a fault. */
export interface EndError {
  readonly type: string;
  readonly message: string;
  readonly traceback: string;
  /** The record that could not be made; null when the environment could not be built. */
  readonly step: number | null;
  readonly by: FaultOwner;
  /** How it failed; only the referee says so. */
  readonly kind: FaultKind;
  /** Whose policy failed. */
  readonly seat?: string;
}

/** A trajectory's identity and what can be told from its records alone. */
export interface TrajectoryDigests {
  /** `sha256:…`: the last link of the chain that starts from the manifest. */
  readonly digest: string;
  /** The same chain from an empty manifest: equal for equal records. */
  readonly contentDigest: string;
  /** Over every field of its own records but hidden state and ledger: equal where all that can be seen of two rollouts is. */
  readonly playDigest: string;
  /** Records of all three kinds; a branch has only those after the step it starts at. */
  readonly records: number;
  /** Steps from the reset on, those before a branch starts included. */
  readonly steps: number;
  /** The closing record's outcome; null if the stream was cut off before it. */
  readonly outcome: Outcome | null;
}

/** The first difference between two trajectories. */
export interface Divergence {
  /** `k` of the first record that differs: 0 is the reset. */
  readonly step: number;
  /** The record's field; `length` where one trajectory takes more steps than the other. */
  readonly field: string;
  /** The place inside the field, such as `observation[2]`, `info.episode.t` or `hidden.env`. */
  readonly path: string;
  /** The value of the first trajectory, as JSON for people; null if it has none. */
  readonly expected: JsonValue;
  /** The value of the second. */
  readonly actual: JsonValue;
  /** What kind of value each is, such as `int`, `float32[4]`, `float32[]` (a numpy scalar), `tuple` or `absent`. */
  readonly expectedType: string;
  readonly actualType: string;
  /** For two floats of one type: how many representable values lie between them; 0 for the two zeros. */
  readonly ulps?: number;
  /** All fields that differ in this record, the most informative first. */
  readonly differing: readonly string[];
  /** Fields that are equal in all records that both trajectories have. */
  readonly agreeing: readonly string[];
}

/** Whether a text is the name of an outcome. */
export function isOutcome(text: string): text is Outcome {
  return (outcomes as readonly string[]).includes(text);
}
