import type { Limits } from "../model/limits.ts";
import type { FaultKind } from "../model/outcome.ts";
import type { Frame, ResetRecord, StepRecord } from "../model/trajectory.ts";
import type { BackendReceipt } from "../sandbox/contract.ts";
import type { AskedAction } from "./read-question.ts";
import type { SandboxStarter } from "./run-group.ts";

/** What the referee asks the caller. */
export interface Question extends AskedAction {
  /** The last record: what the seat sees. */
  readonly record: ResetRecord | StepRecord;
}

/** How the caller failed to answer. */
export interface CallerFailure {
  readonly kind: Extract<FaultKind, "raised" | "limit">;
  readonly type: string;
  readonly message: string;
  readonly traceback?: string;
}

/** How a {@link LiveRollout} is run, beside its plan. */
export interface LiveRolloutOptions {
  readonly receipt: BackendReceipt;
  readonly limits: Limits;
  /** How long the caller may take for one answer, in milliseconds. */
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each question; {@link LiveRollout.answer} answers it. */
  readonly onQuestion: (question: Question) => void;
  /** Where it goes on, if it is copied. */
  readonly copied?: CopiedPlace;
}

/** A state that a rollout goes on from as a copy. */
export interface CopiedPlace {
  readonly step: number;
  /** The frames up to there that are the rollout's own. */
  readonly frames: readonly Frame[];
  /** The frame of the step's record. */
  readonly last: Frame;
  /** The question that stands there; undefined where the copy asks one itself. */
  readonly question?: Question;
  /** What starts the copy. */
  readonly starter: SandboxStarter;
}
