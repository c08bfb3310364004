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
 * How a rollout ended. `terminated` and `truncated` are Gymnasium's; the others are faults. A fault never becomes a
 * reward and is never thrown.
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

/** Where a limit ends a rollout, how much of it was recorded depends on the machine's load. */
const cutOff: ReadonlySet<Outcome> = new Set<Outcome>([
  "cpu_limit",
  "wall_limit",
  "memory_limit",
  "process_limit",
  "output_limit",
  "killed",
]);

/** Whether an outcome ends a rollout at a place that the same rollout need not come to again. */
export function isCutOff(outcome: Outcome): boolean {
  return cutOff.has(outcome);
}

/** Who a fault belongs to: the environment's sandbox or the policy's. */
export type FaultOwner = "environment" | "policy";

/** One of {@link faultKinds}. */
export type FaultKind =
  | "unknown_environment"
  | "bad_policy"
  | "no_policy"
  | "raised"
  | "illegal_action"
  | "protocol"
  | "limit"
  | "signal"
  | "exit"
  | "silent";

/**
 * How something failed, in the referee's or the host's own words: never read from what untrusted code says.
 *
 * `unknown_environment`: what was asked for cannot be had; the caller's mistake, found while it is made. `bad_policy`: the
 * file is no policy; the caller's mistake, found while it is loaded. `no_policy`: nobody sits at the seat. `raised`: an
 * exception. `illegal_action`: an action that is not in the action space, or not legal. `protocol`: it broke the protocol of
 * its link or stream. `limit`: it reached a limit. `signal`, `exit`: its process ended so. `silent`: it ended without a word,
 * and nobody saw how.
 */
export const faultKinds: readonly FaultKind[] = [
  "unknown_environment",
  "bad_policy",
  "no_policy",
  "raised",
  "illegal_action",
  "protocol",
  "limit",
  "signal",
  "exit",
  "silent",
];

/** A fault: its owner, kind, step and message. */
export interface RolloutFault {
  /** Whose fault it is. */
  readonly by: FaultOwner;
  /** How it failed. */
  readonly kind: FaultKind;
  /** The seat of the policy at fault. */
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

/** Whether a rollout came to an end that follows from its spec and seed, whatever else the machine did. */
export function isSettled({
  outcome,
  error,
}: {
  readonly outcome: Outcome;
  readonly error?: Pick<RolloutFault, "kind">;
}): boolean {
  return isComplete(outcome) || error?.kind === "raised" || error?.kind === "illegal_action";
}
