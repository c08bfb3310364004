import { SameseedError } from "../base/error.ts";
import type { BranchEngine } from "../model/branch.ts";
import type { Frame } from "../model/trajectory.ts";
import { rewardsIn } from "../trajectory/records.ts";
import { encodeReseed } from "./caller-messages.ts";
import { copyStarter } from "./copy-starter.ts";
import type { LiveRolloutOptions } from "./live-options.ts";
import { LiveRollout } from "./live-rollout.ts";
import { planCopy, planFromState, type RolloutState, type StatePlan } from "./rollout-state.ts";
import type { StateCopies } from "./state-copies.ts";

/** How a state is had again. */
export interface StateEngine {
  readonly name: BranchEngine;
  /**
   * Brings a state about.
   * @returns why it cannot, in one clause
   * @throws `aborted`
   */
  reach(state: RolloutState): Promise<ReachedState | string>;
}

/** A state from which rollouts go on. */
export interface ReachedState {
  readonly engine: BranchEngine;
  /**
   * Makes a rollout that waits for the action after the state.
   * @param state the one that was reached, or a branch that starts at it
   * @param number its number, where it is a branch
   */
  make(state: RolloutState, number: number, options: LiveRolloutOptions): LiveRollout;
  /** No more are made. */
  release(): void;
}

/** Plays the actions that lead to the state again, in a fresh sandbox. It can make every state. */
export class ReplayEngine implements StateEngine, ReachedState {
  readonly name = "replay";
  readonly engine = "replay";
  readonly #plan: StatePlan;

  constructor(plan: StatePlan) {
    this.#plan = plan;
  }

  async reach(): Promise<ReachedState> {
    return await Promise.resolve(this);
  }

  make(state: RolloutState, number: number, options: LiveRolloutOptions): LiveRollout {
    return new LiveRollout(planFromState(this.#plan, state, number), options);
  }

  release(): void {
    // Nothing is held.
  }
}

/** Copies a trunk that waits in the state. */
export class ForkEngine implements StateEngine {
  readonly name = "fork";
  readonly #plan: StatePlan;
  readonly #copies: StateCopies;

  constructor(plan: StatePlan, copies: StateCopies) {
    this.#plan = plan;
    this.#copies = copies;
  }

  async reach(state: RolloutState): Promise<ReachedState | string> {
    const held = await this.#copies.reach(state);
    if (typeof held === "string") return held;
    const { place } = held;
    return {
      engine: "fork",
      make: (own, number, options) => {
        const isBranch = own.parts.length > place.state.parts.length;
        const frames = isBranch ? [] : place.frames;
        const earlier = isBranch ? [...place.earlier, ...place.frames] : place.earlier;
        const reseed = isBranch ? own.parts.at(-1)!.origin!.reseed : null;
        const plan = planCopy(this.#plan, own, number, () =>
          rewardsIn(recordedIn(earlier), "protocol_broken"),
        );
        return new LiveRollout(plan, {
          ...options,
          copied: {
            step: place.question.step - 1,
            last: place.last,
            frames,
            // What is re-keyed asks again.
            ...(reseed === null ? { question: place.question } : {}),
            starter: copyStarter(
              async (start) => await held.branch(start),
              reseed === null ? undefined : encodeReseed(reseed),
            ),
          },
        });
      },
      release: () => held.release(),
    };
  }
}

/**
 * Reaches a state by the first engine that can, or by the one that is asked for.
 * @throws `engine_unavailable`, with the reason
 */
export async function reachState(
  engines: readonly StateEngine[],
  wanted: BranchEngine | undefined,
  state: RolloutState,
): Promise<ReachedState> {
  let reason = "this backend cannot copy a state in memory";
  for (const engine of engines) {
    if (wanted !== undefined && engine.name !== wanted) continue;
    const reached = await engine.reach(state);
    if (typeof reached !== "string") return reached;
    reason = reached;
  }
  throw engineUnavailable(wanted, reason);
}

/** Why an engine makes no branches. @param reason one clause */
export function engineUnavailable(wanted: BranchEngine | undefined, reason: string): SameseedError {
  return new SameseedError(
    "engine_unavailable",
    `the branch cannot be made by ${wanted ?? "any engine"}: ${reason}`,
    { hint: "leave out the engine: a replay gives the same bytes", context: { reason } },
  );
}

function recordedIn(frames: readonly Frame[]): Uint8Array[] {
  return frames.flatMap(({ type, payload }) => (type === "record" ? [payload] : []));
}
