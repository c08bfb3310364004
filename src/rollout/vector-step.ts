import type { TypedObject, TypedValue } from "../model/cbor/typed-value.ts";
import type { Outcome, RolloutFault } from "../model/outcome.ts";
import type { OpenRolloutConfig, RolloutStep } from "./open-rollout.ts";
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
