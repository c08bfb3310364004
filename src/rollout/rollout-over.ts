import { SameseedError } from "../base/error.ts";
import type { RolloutSummary } from "../model/rollout.ts";

/** Why a rollout takes no more steps. */
export function isOverError({ outcome, steps, error }: RolloutSummary): SameseedError {
  const why = error === undefined ? "" : `: ${error.type}: ${error.message}`;
  return new SameseedError(
    "rollout_over",
    `the rollout is over: ${outcome} after ${steps} ${steps === 1 ? "step" : "steps"}${why}`,
    {
      hint: "close() returns its result; open another rollout to go on",
      context: { outcome, steps, ...(error?.step === undefined ? {} : { step: error.step }) },
    },
  );
}

/** Why the state of a rollout cannot be had any more. */
export function isClosingError(): SameseedError {
  return new SameseedError("rollout_over", "the rollout is being closed", {
    hint: "branch it, or keep its state, before it is closed",
  });
}
