/*
 * Theory of operation. Several rollouts are stepped together, each in sandboxes of its own. When an episode ends, its
 * environment is not reset: it takes over a rollout of the next seed, in a new sandbox. Some of those are started ahead,
 * so that nobody waits for them. Seeds are handed out in the order in which episodes end, and at one step in the order of
 * the environments: that follows from the seeds and the actions, never from how fast anything is.
 */
import { isSameseedError, SameseedError } from "../base/error.ts";
import { encodePlain } from "../model/cbor/encode-plain.ts";
import type { ActionValue, TypedObject, TypedValue } from "../model/cbor/typed-value.ts";
import type { Space } from "../model/spaces.ts";
import type { RolloutStep } from "./rollout-step.ts";
import type { OpenRollout } from "./rollout-step.ts";
import type { RolloutResult } from "./rollout-result.ts";
import type { SeedSchedule } from "./seed-schedule.ts";
import {
  type LaneStep,
  type OpenRolloutsConfig,
  type RolloutVector,
  type ScheduledEpisode,
  toVectorStep,
  type VectorStep,
} from "./vector-step.ts";

const aheadMost = 8;

/** How many rollouts are started ahead of those of so many environments. */
export function aheadOf(count: number): number {
  return Math.min(aheadMost, count);
}

/** Where a vector's rollouts come from. */
export interface RolloutSource {
  readonly start: (seed: number) => Promise<OpenRollout>;
  /** Called when none is open any more and none will be. */
  readonly leave: () => Promise<void>;
}

/** A rollout with its place in the order of all. */
interface Begun {
  readonly episode: number;
  readonly seed: number;
  readonly rollout: Promise<OpenRollout>;
}

/** One environment. */
interface Lane {
  rollout: OpenRollout;
  episode: number;
  /** What follows an episode that is over; undefined while one runs, or where no seed is left. */
  next: Begun | undefined;
  isOver: boolean;
}

/** The environments of a {@link RolloutVector}, and what follows their episodes. */
export class LaneVector implements RolloutVector {
  readonly count: number;
  readonly #config: OpenRolloutsConfig;
  readonly #schedule: SeedSchedule;
  readonly #source: RolloutSource;
  readonly #lanes: Lane[] = [];
  /** Started, and nobody's yet; in the order of their seeds. */
  readonly #ahead: Begun[] = [];
  readonly #begun: ScheduledEpisode[] = [];
  #episodes = 0;
  #isBusy = false;
  #isClosed = false;

  /** @param config as for `openRollouts`, which also opens it */
  constructor(config: OpenRolloutsConfig, schedule: SeedSchedule, source: RolloutSource) {
    this.count = config.count;
    this.#config = config;
    this.#schedule = schedule;
    this.#source = source;
  }

  get observations(): readonly TypedValue[] {
    return this.#lanes.map(({ rollout }) => rollout.observation);
  }

  get infos(): readonly TypedObject[] {
    return this.#lanes.map(({ rollout }) => rollout.info);
  }

  get legal(): readonly (readonly number[] | null)[] {
    return this.#lanes.map(({ rollout }) => rollout.legal);
  }

  get actionSpace(): Space | undefined {
    return this.#lanes[0]?.rollout.actionSpace;
  }

  get observationSpace(): Space | undefined {
    return this.#lanes[0]?.rollout.observationSpace;
  }

  get seeds(): readonly number[] {
    return this.#lanes.map(({ rollout }) => rollout.seed);
  }

  get schedule(): readonly ScheduledEpisode[] {
    return this.#begun;
  }

  /** Starts the first episodes; `openRollouts` does so. */
  async begin(): Promise<void> {
    const first: Begun[] = [];
    while (first.length < this.count) {
      const begun = this.#beginNext();
      if (begun === undefined) {
        this.#ahead.push(...first);
        throw new SameseedError("bad_argument", `${this.count} environments need as many seeds`);
      }
      first.push(begun);
    }
    const opened = await settled(first.map(async ({ rollout }) => await rollout));
    for (const [environment, { episode, seed }] of first.entries()) {
      this.#lanes.push({ rollout: opened[environment]!, episode, next: undefined, isOver: false });
      this.#begun.push({ environment, episode, seed });
    }
    this.#refill();
  }

  async step(actions: readonly ActionValue[]): Promise<VectorStep> {
    if (actions.length !== this.count)
      throw new SameseedError(
        "bad_argument",
        `${this.count} environments take as many actions, not ${actions.length}`,
      );
    for (const [at, { isOver, next }] of this.#lanes.entries()) {
      if (!isOver) encodePlain(actions[at]!);
      else if (next === undefined) throw this.#noNext(at);
    }
    return await this.#alone(async () => {
      const steps = await settled(
        this.#lanes.map(async (lane, at) => await this.#stepLane(lane, at, actions[at]!)),
      );
      await this.#follow(steps);
      return toVectorStep(steps);
    });
  }

  async reset(environments?: readonly number[]): Promise<void> {
    const which = environments ?? [...this.#lanes.keys()].filter((at) => this.#lanes[at]!.isOver);
    const stranger = which.find((at) => this.#lanes[at] === undefined);
    if (stranger !== undefined)
      throw new SameseedError("bad_argument", `there is no environment ${stranger}`);
    await this.#alone(async () => {
      for (const at of [...new Set(which)].sort((a, b) => a - b)) {
        const lane = this.#lanes[at]!;
        if (!lane.isOver) await this.#endEpisode(lane, at);
        lane.next ??= this.#take();
        if (lane.next === undefined) throw this.#noNext(at);
      }
      await settled(which.map(async (at) => await this.#takeOver(this.#lanes[at]!, at)));
    });
  }

  async close(): Promise<RolloutResult[]> {
    const running = this.#isClosed ? [] : this.#lanes.filter(({ isOver }) => !isOver);
    this.#isClosed = true;
    const spare = this.#ahead.splice(0).concat(this.#lanes.flatMap(({ next }) => next ?? []));
    const closed = Promise.all(spare.map(async ({ rollout }) => await rollout.then(discard, () => {})));
    try {
      return await settled(running.map(async ({ rollout }) => await rollout.close()));
    } finally {
      await closed;
      await this.#source.leave();
    }
  }

  /** Closes it, whatever comes of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new SameseedError("rollout_over", "the rollouts are closed");
    if (this.#isBusy)
      throw new SameseedError("bad_argument", "the rollouts are taking a step already", {
        hint: "await each step before the next",
      });
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }

  async #stepLane(lane: Lane, at: number, action: ActionValue): Promise<LaneStep> {
    if (lane.isOver) {
      await this.#takeOver(lane, at);
      return { ...shownBy(lane.rollout), reward: 0, terminated: false, truncated: false };
    }
    try {
      return await lane.rollout.step(action);
    } catch (error) {
      if (!isSameseedError(error) || error.code !== "rollout_over") throw error;
      const { outcome, error: fault } = await lane.rollout.close();
      const told = fault === undefined ? { outcome } : { outcome, error: fault };
      return { ...shownBy(lane.rollout), reward: 0, terminated: false, truncated: true, fault: told };
    }
  }

  /** Ends the episodes that are over, in the order of the environments, and gives each what follows. */
  async #follow(steps: readonly LaneStep[]): Promise<void> {
    for (const [at, { terminated, truncated }] of steps.entries()) {
      if (!terminated && !truncated) continue;
      const lane = this.#lanes[at]!;
      lane.isOver = true;
      if (this.#config.autoreset ?? true) lane.next = this.#take();
      await this.#endEpisode(lane, at);
    }
  }

  async #endEpisode(lane: Lane, environment: number): Promise<void> {
    const { rollout, episode } = lane;
    lane.isOver = true;
    const result = await rollout.close();
    this.#config.onEpisode?.({ environment, episode, result });
  }

  async #takeOver(lane: Lane, environment: number): Promise<void> {
    const { episode, seed, rollout } = lane.next!;
    const ready = await rollout;
    // It may have waited for longer than it may.
    lane.rollout = ready.isOver ? await this.#source.start(seed) : ready;
    lane.episode = episode;
    lane.next = undefined;
    lane.isOver = false;
    this.#begun.push({ environment, episode, seed });
  }

  /** The next of what was started ahead. */
  #take(): Begun | undefined {
    const begun = this.#ahead.shift() ?? this.#beginNext();
    this.#refill();
    return begun;
  }

  #refill(): void {
    const most = aheadOf(this.count);
    while (this.#ahead.length < most) {
      const begun = this.#beginNext();
      if (begun === undefined) return;
      this.#ahead.push(begun);
    }
  }

  #beginNext(): Begun | undefined {
    const seed = this.#schedule.next();
    if (seed === undefined) return undefined;
    const rollout = this.#source.start(seed);
    // Whoever takes it is told; it may be nobody's.
    rollout.catch(() => {});
    return { episode: this.#episodes++, seed, rollout };
  }

  #noNext(environment: number): SameseedError {
    const hint = this.#config.autoreset === false ? "call reset()" : "give more seeds";
    return new SameseedError(
      "rollout_over",
      `the episode of environment ${environment} is over, and none follows`,
      {
        hint,
        context: { environment },
      },
    );
  }
}

function shownBy({ observation, info }: OpenRollout): Pick<RolloutStep, "observation" | "info"> {
  return { observation, info };
}

/** All results, or the first error when everything is over: nothing goes on behind the caller's back. */
async function settled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

async function discard(rollout: OpenRollout): Promise<void> {
  await rollout.close().catch(() => {});
}
