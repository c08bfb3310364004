import { SameseedError } from "../base/error.ts";
import type { BranchEngine } from "../model/branch.ts";
import { type LiveRolloutOptions, LiveRollout } from "./live-rollout.ts";
import { planFromState, type RolloutState, type StatePlan } from "./rollout-state.ts";

/** How a state is had again: something that makes a rollout which goes on from it. */
export interface StateEngine {
  readonly name: BranchEngine;
  /** Why it cannot make this state; undefined where it can. */
  refusal(state: RolloutState): Promise<string | undefined>;
  /** Makes a rollout that waits for the action behind the state. @param number its number, where it is a branch */
  make(state: RolloutState, number: number, options: LiveRolloutOptions): LiveRollout;
}

/** Plays the actions that lead to the state again, in a fresh sandbox. It can make every state. */
export class ReplayEngine implements StateEngine {
  readonly name = "replay";
  readonly #plan: StatePlan;

  constructor(plan: StatePlan) {
    this.#plan = plan;
  }

  async refusal(): Promise<undefined> {
    return await Promise.resolve(undefined);
  }

  make(state: RolloutState, number: number, options: LiveRolloutOptions): LiveRollout {
    return new LiveRollout(planFromState(this.#plan, state, number), options);
  }
}

/**
 * The first engine that can make a state, or the one that is asked for.
 * @throws `engine_unavailable`, with the reason
 */
export async function chooseEngine(
  engines: readonly StateEngine[],
  wanted: BranchEngine | undefined,
  state: RolloutState,
): Promise<StateEngine> {
  let reason = `there is no engine of the name ${wanted} here`;
  for (const engine of engines) {
    if (wanted !== undefined && engine.name !== wanted) continue;
    const refusal = await engine.refusal(state);
    if (refusal === undefined) return engine;
    reason = refusal;
  }
  if (wanted === "fork")
    reason = reason.startsWith("there is no") ? "this backend cannot copy a state in memory" : reason;
  throw new SameseedError(
    "engine_unavailable",
    `the branch cannot be made by ${wanted ?? "any engine"}: ${reason}`,
    {
      hint: "leave out `engine`: a replay gives the same bytes",
    },
  );
}
