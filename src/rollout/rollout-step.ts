import { toFlag, toReward, toTyped, type TypedObject, type TypedValue } from "../model/cbor/typed-value.ts";
import type { StepRecord } from "../model/trajectory.ts";
import type { ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";
import type { RolloutState } from "./rollout-state.ts";
import type { StateEngine } from "./state-engine.ts";

/** What a step returns: Gymnasium's five values, with their types. */
export interface RolloutStep {
  readonly observation: TypedValue;
  readonly reward: number;
  readonly terminated: boolean;
  /** True also where `maxSteps` is reached. */
  readonly truncated: boolean;
  readonly info: TypedObject;
}

/** The state that a rollout starts from, and what makes it. */
export interface StateStart {
  readonly state: RolloutState;
  /** Its number among its sisters, where it is a branch. */
  readonly number: number;
  readonly engine: StateEngine;
}

/** What a rollout runs with. */
export interface RolloutSetting {
  readonly options: ResolvedOptions;
  readonly host: RolloutHost;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/** A record as the caller sees it. */
export function toStep(record: StepRecord): RolloutStep {
  return {
    observation: toTyped(record.observation),
    reward: toReward(record.reward),
    terminated: toFlag(record.terminated),
    truncated: toFlag(record.truncated),
    info: toTyped(record.info) as TypedObject,
  };
}
