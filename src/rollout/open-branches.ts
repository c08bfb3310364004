import type { BranchEngine } from "../model/branch.ts";
import type { OpenRollout, RolloutSetting, StateStart } from "./rollout-step.ts";
import { branchState, type RolloutState } from "./rollout-state.ts";
import { engineUnavailable, reachState } from "./state-engine.ts";
import { reasonIn } from "./trunk-lost.ts";

/** Starts a rollout at a state: `startRollout`. */
export type StateStarter = (
  options: RolloutSetting["options"],
  host: RolloutSetting["host"],
  seed: number,
  signal: AbortSignal | undefined,
  start: StateStart,
) => Promise<OpenRollout>;

/**
 * Opens branches of a state. What cannot be copied is replayed, unless a copy was asked for.
 *
 * @throws `engine_unavailable`, `aborted`
 */
export async function openBranches(
  { options, host, seed, signal, family }: RolloutSetting,
  state: RolloutState,
  asked: { readonly reseeds: readonly (number | null)[]; readonly engine: BranchEngine | undefined },
  start: StateStarter,
): Promise<PromiseSettledResult<OpenRollout>[]> {
  const { engines, plan, replay } = family;
  const reached = await reachState(engines, asked.engine, state);
  const open = async (reseed: number | null, number: number): Promise<OpenRollout> => {
    const own = { state: branchState(state, reseed, plan), number, family };
    try {
      return await start(options, host, seed, signal, { ...own, reached });
    } catch (error) {
      const reason = reached.engine === "fork" ? reasonIn(error) : undefined;
      if (reason === undefined) throw error;
      if (asked.engine !== undefined) throw engineUnavailable(asked.engine, reason);
      return await start(options, host, seed, signal, { ...own, reached: replay });
    }
  };
  try {
    return await Promise.allSettled(asked.reseeds.map(open));
  } finally {
    reached.release();
  }
}
