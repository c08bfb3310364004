import type { ActionValue, TypedObject, TypedValue } from "../model/cbor/typed-value.ts";
import type { Outcome, RolloutFault } from "../model/outcome.ts";
import type { Space } from "../model/spaces.ts";
import type { OpenRolloutConfig, RolloutStep } from "./open-rollout.ts";
import type { StartMode } from "./rollout-config.ts";
import type { RolloutResult } from "./rollout-result.ts";

/** Rollouts that are stepped together. */
export interface OpenRolloutsConfig extends Omit<OpenRolloutConfig, "seed"> {
  /** How many environments: 1 to 256. */
  readonly count: number;
  /** The seed of the first episode, from which they count up without end; or the seeds of all episodes, in order. */
  readonly seeds: number | Iterable<number>;
  /**
   * Whether an environment whose episode has ended begins the next one with the next step, as Gymnasium's `NEXT_STEP`. Otherwise it
   * stays over until {@link RolloutVector.reset}.
   * @default true
   */
  readonly autoreset?: boolean;
  /** Whether two episodes may have one seed. @default false */
  readonly repeatSeeds?: boolean;
  /**
   * `prepared`: the environment is made once, and the process is copied for each episode. The bytes are the same, but for
   * addresses of objects that a program shows; where that cannot be told, or more than 40 environments are stepped together,
   * episodes start as usual, and their receipts say why.
   * @default "usual"
   */
  readonly start?: StartMode;
  /** Called with each episode that is over. */
  readonly onEpisode?: (episode: VectorEpisode) => void;
}

/** One episode of one environment. */
export interface VectorEpisode {
  /** The environment's number, from 0. */
  readonly environment: number;
  /** The number of the episode in the order of all, from 0: the place of its seed. */
  readonly episode: number;
  readonly result: RolloutResult;
}

/** Which episode got which seed. */
export interface ScheduledEpisode {
  readonly environment: number;
  readonly episode: number;
  readonly seed: number;
}

/** What a step of all environments returns; the place in each list is the environment's number. */
export interface VectorStep {
  /** Where an episode has ended, its last observation; where one begins, its first. */
  readonly observations: readonly TypedValue[];
  /** 0 where an episode begins. */
  readonly rewards: Float64Array;
  readonly terminated: readonly boolean[];
  /** Also true where a fault ended the episode. */
  readonly truncated: readonly boolean[];
  readonly infos: readonly TypedObject[];
  /** The last observation and info of each episode that this step ended; undefined elsewhere. */
  readonly finalObs: readonly (TypedValue | undefined)[];
  readonly finalInfo: readonly (TypedObject | undefined)[];
  /** What ended an episode where it was no rule of the environment: its outcome, and its fault where one is known. */
  readonly faults: readonly (VectorFault | undefined)[];
}

/** How an episode ended that a fault ended. */
export interface VectorFault {
  readonly outcome: Outcome;
  readonly error?: RolloutFault;
}

/** Rollouts that are stepped together; opened by `openRollouts`. */
export interface RolloutVector extends AsyncDisposable {
  /** How many environments there are. */
  readonly count: number;
  /** What each environment showed last. */
  readonly observations: readonly TypedValue[];
  /** What each told last. */
  readonly infos: readonly TypedObject[];
  /** The numbers of the legal actions of each, where it says which they are. */
  readonly legal: readonly (readonly number[] | null)[];
  /** The action space of the first environment. */
  readonly actionSpace: Space | undefined;
  /** The observation space of the first environment. */
  readonly observationSpace: Space | undefined;
  /** The seed of each environment's episode. */
  readonly seeds: readonly number[];
  /** Every episode that has begun, in the order of their seeds. */
  readonly schedule: readonly ScheduledEpisode[];
  /**
   * Takes one step in each environment. Where an episode was over, the action is not looked at: the next episode begins with
   * this step.
   * @throws `bad_argument` where there is not one action for each environment, or a value cannot be an action at all (nothing
   * has happened then); `rollout_over` where an episode is over and none follows; `aborted`, `sandbox_failed`
   */
  step(actions: readonly ActionValue[]): Promise<VectorStep>;
  /**
   * Begins the next episode of each of these environments, whether theirs is over or not: one that is not is truncated.
   * @param environments their numbers. @default all whose episode is over
   * @throws as {@link RolloutVector.step}
   */
  reset(environments?: readonly number[]): Promise<void>;
  /**
   * Ends every rollout, and returns those that were not over, truncated. May be called repeatedly.
   * @throws `aborted`, `sandbox_failed`
   */
  close(): Promise<RolloutResult[]>;
}

/** What one environment has to show after a step. */
export interface LaneStep extends RolloutStep {
  readonly fault?: VectorFault;
}

/** The steps of all environments as one. */
export function toVectorStep(steps: readonly LaneStep[]): VectorStep {
  const ended = steps.map(({ terminated, truncated }) => terminated || truncated);
  return {
    observations: steps.map(({ observation }) => observation),
    rewards: Float64Array.from(steps, ({ reward }) => reward),
    terminated: steps.map(({ terminated }) => terminated),
    truncated: steps.map(({ truncated }) => truncated),
    infos: steps.map(({ info }) => info),
    finalObs: steps.map(({ observation }, at) => (ended[at] === true ? observation : undefined)),
    finalInfo: steps.map(({ info }, at) => (ended[at] === true ? info : undefined)),
    faults: steps.map(({ fault }) => fault),
  };
}
