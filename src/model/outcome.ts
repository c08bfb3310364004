/** One of {@link outcomes}. */
export type Outcome =
  | "terminated"
  | "truncated"
  | "env_error"
  | "policy_error"
  | "illegal_action"
  | "cpu_limit"
  | "wall_limit"
  | "memory_limit"
  | "process_limit"
  | "output_limit"
  | "protocol_error"
  | "killed";

/**
 * How a rollout ended. `terminated` and `truncated` are Gymnasium's; the others are faults, which are data:
 * they never become a reward and are never thrown.
 */
export const outcomes: readonly Outcome[] = [
  "terminated",
  "truncated",
  "env_error",
  "policy_error",
  "illegal_action",
  "cpu_limit",
  "wall_limit",
  "memory_limit",
  "process_limit",
  "output_limit",
  "protocol_error",
  "killed",
];

/** Whether an outcome is a complete episode rather than a fault. */
export function isComplete(outcome: Outcome): boolean {
  return outcome === "terminated" || outcome === "truncated";
}

/** Who a fault belongs to: the environment's sandbox or the policy's. */
export type FaultOwner = "environment" | "policy";

/** What is known of a fault. */
export interface RolloutFault {
  /** Whose fault it is. */
  readonly by: FaultOwner;
  /** In a game, the seat of the policy at fault. */
  readonly seat?: string;
  /** The Python exception's type, or a word such as `signal`, `exit`, `limit`. */
  readonly type: string;
  /** One sentence. */
  readonly message: string;
  /** The step at which it happened: 0 is `reset()`. */
  readonly step?: number;
  /** The Python traceback, where there is one. */
  readonly traceback?: string;
}
