import type { RolloutSummary } from "../model/rollout.ts";
import type { RolloutSnapshot } from "../model/snapshot.ts";
import type { Space } from "../model/spaces.ts";
import type { BranchRequest, Checkpoint } from "./branch-request.ts";
import type { RolloutResult } from "./rollout-result.ts";
import {
  type ActionValue,
  toFlag,
  toReward,
  toTyped,
  type TypedObject,
  type TypedValue,
} from "../model/cbor/typed-value.ts";
import type { StepRecord } from "../model/trajectory.ts";
import type { ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";
import type { RolloutState, StatePlan } from "./rollout-state.ts";
import type { StateCopies } from "./state-copies.ts";
import type { ReachedState, StateEngine } from "./state-engine.ts";

/** What a step returns: Gymnasium's five values, with their types. */
export interface RolloutStep {
  readonly observation: TypedValue;
  /** NaN for a reward that is several numbers; the rollout's `totalReward` has their sums. */
  readonly reward: number;
  readonly terminated: boolean;
  /** True also where `maxSteps` is reached. */
  readonly truncated: boolean;
  readonly info: TypedObject;
}

/** A rollout that waits for its actions; opened by `openRollout`. */
export interface OpenRollout extends AsyncDisposable {
  /** The seed it was reset with. */
  readonly seed: number;
  /** What the environment showed last. */
  readonly observation: TypedValue;
  /** What it told last. */
  readonly info: TypedObject;
  /** The numbers of the actions that are legal now, where the environment says which they are. */
  readonly legal: readonly number[] | null;
  /** The action space after the reset; undefined where there is none that can be told. */
  readonly actionSpace: Space | undefined;
  /** The observation space after the reset; undefined where there is none that can be told. */
  readonly observationSpace: Space | undefined;
  /** Steps taken. */
  readonly steps: number;
  /** Whether the episode is over: it takes no more steps. */
  readonly isOver: boolean;
  /**
   * Takes a step.
   *
   * An action that is not in the action space ends the rollout as `illegal_action`, as it does in a list of actions.
   * @throws `rollout_over` where the episode is over, or ended without completing this step; `bad_argument` where a step is
   * under way, or the value cannot be an action at all (nothing has happened then); `aborted`
   */
  step(action: ActionValue): Promise<RolloutStep>;
  /**
   * Ends the rollout, where it is not over, as `truncated`, and returns what was recorded. May be called at any time, any
   * number of times.
   * @throws `aborted`, `sandbox_failed`
   */
  close(): Promise<RolloutResult>;
  /**
   * Opens branches: rollouts that continue from this very state, each in a sandbox of its own, while this one can still be stepped.
   * @throws as {@link OpenRollout.branchSettled}, and what kept one of them from being opened; the others are closed then
   */
  branch(request?: BranchRequest): Promise<OpenRollout[]>;
  /**
   * As {@link OpenRollout.branch}, with what became of each.
   * @throws `rollout_over`, `bad_argument`; `engine_unavailable` where the engine that is asked for cannot make them
   */
  branchSettled(request?: BranchRequest): Promise<PromiseSettledResult<OpenRollout>[]>;
  /** The state as a small JSON value, from which `openRollout({ snapshot })` opens it anywhere. @throws `rollout_over` */
  snapshot(): RolloutSnapshot;
  /** Keeps the state, to come back to it. Its copy may still be made when this returns. @throws `rollout_over`, `bad_argument` where a step is under way */
  checkpoint(): Promise<Checkpoint>;
  /**
   * Comes back to a state on the way to this one, whether the episode is over or not. What was done after it is not recorded.
   * @throws `bad_argument` where the checkpoint is not of this rollout's past, or a step is under way
   */
  rollback(to: Checkpoint): Promise<void>;
}

/** The state that a rollout starts from, and what makes it. */
export interface StateStart {
  readonly state: RolloutState;
  /** Its number among its sisters, where it is a branch. */
  readonly number: number;
  readonly reached: ReachedState;
  /** Whom it descends from, and with whom it shares copies. @default nobody */
  readonly family?: RolloutFamily;
}

/** What a rollout and its branches share. */
export interface RolloutFamily {
  readonly plan: StatePlan;
  readonly copies: StateCopies;
  /** The best first. */
  readonly engines: readonly StateEngine[];
  readonly replay: ReachedState;
}

/** What a rollout runs with. */
export interface RolloutSetting {
  readonly options: ResolvedOptions;
  readonly host: RolloutHost;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly family: RolloutFamily;
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

/** The step with which an episode ended so. */
export function toLastStep(step: RolloutStep, { outcome }: RolloutSummary): RolloutStep {
  return {
    ...step,
    terminated: step.terminated || outcome === "terminated",
    truncated: step.truncated || outcome === "truncated",
  };
}
