import { isSameseedError, SameseedError } from "../base/error.ts";
import { type ActionValue, toTyped, type TypedObject, type TypedValue } from "../model/cbor/typed-value.ts";
import { isComplete } from "../model/outcome.ts";
import type { RecordedRollout, RolloutSummary } from "../model/rollout.ts";
import type { RolloutSnapshot } from "../model/snapshot.ts";
import type { SeatSpaces, Space } from "../model/spaces.ts";
import type { StepRecord } from "../model/trajectory.ts";
import type { Question } from "./live-options.ts";
import { LiveRollout } from "./live-rollout.ts";
import { planRollout } from "./plan-rollout.ts";
import {
  allOrNone,
  type BranchRequest,
  type Checkpoint,
  makeCheckpoint,
  notOnTheWay,
  reseedsAsked,
  stateAt,
} from "./branch-request.ts";
import { defaultIdleMs, type ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";
import { isClosingError, isOverError } from "./rollout-over.ts";
import {
  type OpenRollout,
  type RolloutSetting,
  type RolloutStep,
  type StateStart,
  toLastStep,
  toStep,
} from "./rollout-step.ts";
import { isOnTheWay, type RolloutState, type StatePlace, stateOf } from "./rollout-state.ts";
import { snapshotOfState } from "./snapshot-of-state.ts";
import { openBranches } from "./open-branches.ts";
import { newFamily } from "./rollout-family.ts";
import { type ReachedState, reachState } from "./state-engine.ts";
import { reasonIn } from "./trunk-lost.ts";
import { MisuseCheck, type RolloutResult, toResult } from "./rollout-result.ts";

/** How often a start is tried that the host failed. */
const attempts = 3;

/**
 * Starts a rollout and waits until it asks for its first action. A start that the host failed is tried again.
 * @throws as {@link openRollout}
 */
export async function startRollout(
  options: ResolvedOptions,
  host: RolloutHost,
  seed: number,
  signal: AbortSignal | undefined,
  start?: StateStart,
): Promise<OpenRollout> {
  const family = start?.family ?? newFamily(options, host, seed, signal);
  for (let attempt = 1; ; attempt++) {
    const rollout = new SteppedRollout({ options, host, seed, signal, family }, start);
    try {
      await rollout.begin();
      return rollout;
    } catch (error) {
      const mayRetry = isSameseedError(error) && error.kind.retryable && error.code !== "aborted";
      if (!mayRetry || attempt === attempts) throw error;
    }
  }
}

/** An open rollout, and how its referee's questions become the returns of its steps. */
export class SteppedRollout implements OpenRollout {
  readonly seed: number;
  readonly #setting: RolloutSetting;
  /** Sandboxes that it was rolled back from. */
  readonly #left: Set<Promise<unknown>> = new Set();
  #live!: LiveRollout;
  #ended!: Promise<RecordedRollout>;
  /** What of its state is other rollouts'. */
  #before: readonly StatePlace[] = [];
  #recorded: RecordedRollout | undefined;
  #isClosed = false;
  #waiting: PromiseWithResolvers<Question | undefined> | undefined;
  #steps = 0;
  #observation: TypedValue = null;
  #info: TypedObject = {};
  #legal: readonly number[] | null = null;
  #spaces: SeatSpaces | undefined;

  /** Made by {@link startRollout}. */
  constructor(setting: RolloutSetting, start?: StateStart) {
    this.seed = setting.seed;
    this.#setting = setting;
    this.#run(start);
  }

  get observation(): TypedValue {
    return this.#observation;
  }

  get info(): TypedObject {
    return this.#info;
  }

  get legal(): readonly number[] | null {
    return this.#legal;
  }

  get actionSpace(): Space | undefined {
    return this.#spaces?.action;
  }

  get observationSpace(): Space | undefined {
    return this.#spaces?.observation;
  }

  get steps(): number {
    return this.#steps;
  }

  get isOver(): boolean {
    return this.#recorded !== undefined;
  }

  /** Waits for the first observation; {@link openRollout} has done so. @throws as {@link openRollout} */
  async begin(): Promise<void> {
    const question = await this.#waiting?.promise;
    if (question !== undefined) {
      const { record } = question;
      if (record.kind === "step") this.#show(record);
      return;
    }
    const { summary } = await this.#ended;
    new MisuseCheck().refuse(summary);
    throw isOverError(summary);
  }

  async step(action: ActionValue): Promise<RolloutStep> {
    this.#refuseUnderWay();
    // What was aborted answers no more, though its sandbox may still be about to.
    if (this.#setting.signal?.aborted === true) await this.#ended;
    // It is over, or about to be: closed, aborted or left alone for too long.
    if (!this.#live.isAsking) throw isOverError((await this.#ended).summary);
    this.#live.answer(action);
    this.#live.hold(true);
    this.#waiting = Promise.withResolvers();
    const question = await this.#waiting.promise;
    if (question !== undefined) return this.#show(question.record as StepRecord);
    return this.#showLast((await this.#ended).summary);
  }

  async close(): Promise<RolloutResult> {
    this.#isClosed = true;
    if (this.#recorded === undefined) {
      this.#live.hold(true);
      this.#live.leave();
    }
    const { copies } = this.#setting.family;
    try {
      return toResult(await this.#ended);
    } finally {
      await Promise.all(this.#left);
      await copies.closeUnused();
    }
  }

  async branch(request: BranchRequest = {}): Promise<OpenRollout[]> {
    return await allOrNone(await this.branchSettled(request));
  }

  async branchSettled(request: BranchRequest = {}): Promise<PromiseSettledResult<OpenRollout>[]> {
    const reseeds = reseedsAsked(request);
    const how = { reseeds, engine: request.engine };
    return await openBranches(this.#setting, this.#state(), how, startRollout);
  }

  snapshot(): RolloutSnapshot {
    return snapshotOfState(this.#state(), this.#setting);
  }

  async checkpoint(): Promise<Checkpoint> {
    const state = this.#state();
    await this.#setting.family.copies.keep(state);
    return makeCheckpoint(state);
  }

  async rollback(to: Checkpoint): Promise<void> {
    const state = stateAt(to);
    this.#refuseUnderWay();
    const now = stateOf(this.#before, this.#live.recorded(), this.#steps);
    if (!isOnTheWay(state, now)) throw notOnTheWay();
    const { engines, replay } = this.#setting.family;
    // No step is taken meanwhile.
    this.#waiting = Promise.withResolvers();
    const reached = await reachState(engines, undefined, state).catch((error: unknown) => {
      this.#settle();
      throw error;
    });
    try {
      await this.#goBack(state, reached);
    } catch (error) {
      if (reached.engine === "replay" || reasonIn(error) === undefined) throw error;
      await this.#goBack(state, replay);
    } finally {
      reached.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  async #goBack(state: RolloutState, reached: ReachedState): Promise<void> {
    const [live, ended] = [this.#live, this.#ended];
    if (this.#isClosed) {
      this.#settle();
      throw isClosingError();
    }
    this.#run({ state, number: 0, reached });
    live.kill();
    const left = ended.catch(() => {}).finally(() => this.#left.delete(left));
    this.#left.add(left);
    await this.begin();
  }

  #run(start: StateStart | undefined): void {
    const { options, host, seed, signal } = this.#setting;
    const { template, limits, idleMs = defaultIdleMs } = options;
    const { backend, receipt } = host;
    const onQuestion = (question: Question): void => this.#take(question);
    const own = { receipt, limits, idleMs, signal, onQuestion };
    const fresh = (): LiveRollout =>
      new LiveRollout(planRollout({ ...template, seed }, limits, receipt), own);
    const live = start?.reached.make(start.state, start.number, own) ?? fresh();
    this.#before = start?.state.parts.slice(0, -1) ?? [];
    this.#live = live;
    this.#recorded = undefined;
    this.#steps = 0;
    const waiting = Promise.withResolvers<Question | undefined>();
    this.#waiting = waiting;
    const { copies } = this.#setting.family;
    copies.enter();
    this.#ended = live.run(backend).finally(() => copies.leave());
    this.#ended.then(
      (recorded) => {
        if (this.#live !== live) return;
        this.#recorded = recorded;
        this.#settle()?.resolve(undefined);
      },
      (error: unknown) => {
        if (this.#live === live) this.#settle()?.reject(error);
      },
    );
  }

  /** The state it is in. */
  #state(): RolloutState {
    this.#refuseUnderWay();
    if (this.#recorded !== undefined) throw isOverError(this.#recorded.summary);
    if (!this.#live.isAsking) throw isClosingError();
    return stateOf(this.#before, this.#live.recorded(), this.#steps);
  }

  #refuseUnderWay(): void {
    if (this.#waiting !== undefined)
      throw new SameseedError("bad_argument", "the rollout is taking a step already", {
        hint: "await each step before the next",
      });
  }

  #take(question: Question): void {
    // Nothing of it need keep this process running while it waits.
    this.#live.hold(false);
    this.#legal = question.legal;
    if (question.spaces !== undefined) this.#spaces = question.spaces;
    if (question.record.kind === "reset") {
      this.#observation = toTyped(question.record.observation);
      this.#info = toTyped(question.record.info) as TypedObject;
    }
    this.#settle()?.resolve(question);
  }

  #settle(): PromiseWithResolvers<Question | undefined> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #show(record: StepRecord): RolloutStep {
    this.#steps = record.k;
    const step = toStep(record);
    this.#observation = step.observation;
    this.#info = step.info;
    return step;
  }

  /** The step with which the episode ended, or why there is none. */
  #showLast(summary: RolloutSummary): RolloutStep {
    this.#legal = null;
    const record = isComplete(summary.outcome) ? this.#live.lastStep() : undefined;
    if (record === undefined || record.k !== this.#steps + 1) throw isOverError(summary);
    return toLastStep(this.#show(record), summary);
  }
}
