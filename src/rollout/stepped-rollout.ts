import { SameseedError } from "../base/error.ts";
import {
  type ActionValue,
  toFlag,
  toReward,
  toTyped,
  type TypedObject,
  type TypedValue,
} from "../model/cbor/typed-value.ts";
import { isComplete } from "../model/outcome.ts";
import type { RecordedRollout, RolloutSummary } from "../model/rollout.ts";
import type { SeatSpaces, Space } from "../model/spaces.ts";
import type { StepRecord } from "../model/trajectory.ts";
import { LiveRollout, type Question } from "./live-rollout.ts";
import type { OpenRollout, RolloutStep } from "./open-rollout.ts";
import { planRollout } from "./plan-rollout.ts";
import { defaultIdleMs, type ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";
import { MisuseCheck, type RolloutResult, toResult } from "./rollout-result.ts";

/** An open rollout, and how its referee's questions become the returns of its steps. */
export class SteppedRollout implements OpenRollout {
  readonly seed: number;
  readonly #live: LiveRollout;
  readonly #ended: Promise<RecordedRollout>;
  #recorded: RecordedRollout | undefined;
  #waiting: PromiseWithResolvers<Question | undefined> | undefined = Promise.withResolvers();
  #steps = 0;
  #observation: TypedValue = null;
  #info: TypedObject = {};
  #legal: readonly number[] | null = null;
  #spaces: SeatSpaces | undefined;

  /** @param options as `steppedOptions` makes them; `startRollout` starts one */
  constructor(options: ResolvedOptions, host: RolloutHost, seed: number, signal: AbortSignal | undefined) {
    const { template, limits, idleMs = defaultIdleMs } = options;
    const { backend, receipt } = host;
    this.seed = seed;
    const plan = planRollout({ ...template, seed }, limits, receipt);
    const onQuestion = (question: Question): void => this.#take(question);
    this.#live = new LiveRollout(plan, { receipt, limits, idleMs, signal, onQuestion });
    this.#ended = this.#live.run(backend);
    this.#ended.then(
      (recorded) => {
        this.#recorded = recorded;
        this.#settle()?.resolve(undefined);
      },
      (error: unknown) => this.#settle()?.reject(error),
    );
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

  /** Waits for the first observation; `startRollout` does so. @throws as `openRollout` */
  async begin(): Promise<void> {
    const question = await this.#waiting?.promise;
    if (question !== undefined) return;
    const { summary } = await this.#ended;
    new MisuseCheck().refuse(summary);
    throw isOverError(summary);
  }

  async step(action: ActionValue): Promise<RolloutStep> {
    if (this.#waiting !== undefined)
      throw new SameseedError("bad_argument", "the rollout is taking a step already", {
        hint: "await each step before the next",
      });
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
    if (this.#recorded === undefined) {
      this.#live.hold(true);
      this.#live.leave();
    }
    return toResult(await this.#ended);
  }

  /** Closes it, whatever comes of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
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
    this.#observation = toTyped(record.observation);
    this.#info = toTyped(record.info) as TypedObject;
    return {
      observation: this.#observation,
      reward: toReward(record.reward),
      terminated: toFlag(record.terminated),
      truncated: toFlag(record.truncated),
      info: this.#info,
    };
  }

  /** The step with which the episode ended, or why there is none. */
  #showLast(summary: RolloutSummary): RolloutStep {
    this.#legal = null;
    const record = isComplete(summary.outcome) ? this.#live.lastStep() : undefined;
    if (record === undefined || record.k !== this.#steps + 1) throw isOverError(summary);
    const step = this.#show(record);
    return { ...step, truncated: step.truncated || summary.outcome === "truncated" };
  }
}

function isOverError({ outcome, steps, error }: RolloutSummary): SameseedError {
  const why = error === undefined ? "" : `: ${error.type}: ${error.message}`;
  return new SameseedError(
    "rollout_over",
    `the rollout is over: ${outcome} after ${steps} ${steps === 1 ? "step" : "steps"}${why}`,
    {
      hint: "close() returns its result; open another rollout to go on",
      context: { outcome, steps, ...(error?.step === undefined ? {} : { step: error.step }) },
    },
  );
}
