import { isSameseedError, SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
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
import { checkSeed } from "../model/seed.ts";
import type { SeatSpaces, Space } from "../model/spaces.ts";
import type { StepRecord } from "../model/trajectory.ts";
import { LiveRollout, type Question } from "./live-rollout.ts";
import { planRollout } from "./plan-rollout.ts";
import {
  defaultIdleMs,
  resolveOptions,
  rolloutOptionNames,
  type ResolvedOptions,
  type RolloutConfig,
} from "./rollout-config.ts";
import { openHost, type RolloutHost } from "./rollout-host.ts";
import { MisuseCheck, type RolloutResult, toResult } from "./rollout-result.ts";

/** A rollout that is stepped from outside: what a {@link RolloutConfig} says, but that its policy is the caller. */
export interface OpenRolloutConfig extends Omit<RolloutConfig, "policy"> {
  /**
   * How long the rollout may wait for a step, in milliseconds; a forgotten one then ends as `wall_limit`. No other clock counts
   * that time.
   * @default 600000
   */
  readonly idleMs?: number;
}

/** What a step returns: Gymnasium's five values, with their types. */
export interface RolloutStep {
  readonly observation: TypedValue;
  readonly reward: number;
  readonly terminated: boolean;
  /** True also where `maxSteps` is reached. */
  readonly truncated: boolean;
  readonly info: TypedObject;
}

const { policy: _, ...stepped } = rolloutOptionNames;
/** Every option of a stepped rollout but its seed. */
export const steppedNames: NamesOf<Omit<OpenRolloutConfig, "seed">> = stepped;

/** How often a start is tried that the host failed. */
const attempts = 3;

/**
 * Opens a rollout in a fresh sandbox, seeded and reset, that waits for its actions.
 *
 * @example
 * await using rollout = await openRollout({ envName: "CartPole-v1", seed: 42 });
 * const { observation, reward, terminated } = await rollout.step(1);
 * const { outcome, digest } = await rollout.close();
 *
 * @throws `bad_argument`, `unknown_environment`, `image_missing`, `wall_unavailable`, `aborted`…; `rollout_over` where the
 * environment fails before its first observation
 */
export async function openRollout(config: OpenRolloutConfig): Promise<OpenRollout> {
  refuseUnknownOptions(config, { ...steppedNames, seed: true }, "openRollout");
  const options = steppedOptions(config);
  return await startRollout(options, await openHost(options), checkSeed(config.seed), config.signal);
}

/** Options of rollouts whose only seat the caller answers for. @throws as `resolveOptions` */
export function steppedOptions(config: Omit<OpenRolloutConfig, "seed">): ResolvedOptions {
  const { template, ...rest } = resolveOptions(config);
  const seats = template.seats.map(({ seat }) => ({ seat, policy: { kind: "caller" as const } }));
  return { ...rest, template: { ...template, seats } };
}

/**
 * Starts a rollout and waits until it asks for its first action. A start that the host failed is tried again.
 * @throws as {@link openRollout}
 */
export async function startRollout(
  options: ResolvedOptions,
  host: RolloutHost,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<OpenRollout> {
  for (let attempt = 1; ; attempt++) {
    const rollout = new OpenRollout(options, host, seed, signal);
    try {
      await rollout.begin();
      return rollout;
    } catch (error) {
      const mayRetry = isSameseedError(error) && error.kind.retryable && error.code !== "aborted";
      if (!mayRetry || attempt === attempts) throw error;
    }
  }
}

/** A rollout that waits for its actions; opened by {@link openRollout}. */
export class OpenRollout implements AsyncDisposable {
  /** The seed it was reset with. */
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

  /** @param options as `steppedOptions` makes them; {@link openRollout} opens one */
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

  /** What the environment showed last. */
  get observation(): TypedValue {
    return this.#observation;
  }

  /** What it told last. */
  get info(): TypedObject {
    return this.#info;
  }

  /** The numbers of the actions that are legal now, where the environment says which they are. */
  get legal(): readonly number[] | null {
    return this.#legal;
  }

  /** The action space behind the reset; undefined where there is none that can be told. */
  get actionSpace(): Space | undefined {
    return this.#spaces?.action;
  }

  /** The observation space behind the reset; undefined where there is none that can be told. */
  get observationSpace(): Space | undefined {
    return this.#spaces?.observation;
  }

  /** Steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether the episode is over: it takes no more steps. */
  get isOver(): boolean {
    return this.#recorded !== undefined;
  }

  /** Waits for the first observation; {@link openRollout} has done so. @throws as {@link openRollout} */
  async begin(): Promise<void> {
    const question = await this.#waiting?.promise;
    if (question !== undefined) return;
    const { summary } = await this.#ended;
    new MisuseCheck().refuse(summary);
    throw isOverError(summary);
  }

  /**
   * Takes a step.
   *
   * An action that is not in the action space ends the rollout as `illegal_action`, as it does in a list of actions.
   * @throws `rollout_over` where the episode is over, or ended without completing this step; `bad_argument` where a step is
   * under way, or the value cannot be an action at all (nothing has happened then); `aborted`
   */
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

  /**
   * Ends the rollout, where it is not over, as `truncated`, and returns what was recorded. May be called at any time, any
   * number of times.
   * @throws `aborted`, `sandbox_failed`
   */
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
