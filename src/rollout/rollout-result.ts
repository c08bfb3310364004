import { SameseedError } from "../base/error.ts";
import type { RecordedRollout, RolloutSummary } from "../model/rollout.ts";
import { Trajectory } from "../trajectory/trajectory.ts";

/** One rollout's row together with what it recorded. */
export interface RolloutResult extends RolloutSummary {
  /** The recorded bytes; decoded as far as they are looked at. */
  readonly trajectory: Trajectory;
}

/** A recorded rollout as callers see it. */
export function toResult({ summary, trajectory }: RecordedRollout): RolloutResult {
  return { ...summary, trajectory: new Trajectory(trajectory) };
}

/**
 * Refuses a rollout whose fault is the caller's: an environment that does not exist, a file that is no policy. No
 * other seed would fare better.
 * @throws `unknown_environment`, `bad_policy`
 */
export function refuseMisuse({ error }: RolloutSummary): void {
  if (error?.by === "environment" && error.type === "UnknownEnvironment") {
    throw new SameseedError("unknown_environment", error.message, {
      hint: "name a Gymnasium id that the image has, module:Id, or path/to/file.py:ClassName, with arguments that it takes",
    });
  }
  if (error?.by === "policy" && error.type === "BadPolicy") {
    throw new SameseedError("bad_policy", error.message, {
      hint: "a policy is a Python file that defines act(observation, rng) and returns an action",
    });
  }
}
