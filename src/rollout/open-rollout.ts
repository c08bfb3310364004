import { isSameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import type { ActionValue, TypedObject, TypedValue } from "../model/cbor/typed-value.ts";
import { checkSeed } from "../model/seed.ts";
import type { Space } from "../model/spaces.ts";
import {
  resolveOptions,
  rolloutOptionNames,
  type ResolvedOptions,
  type RolloutConfig,
} from "./rollout-config.ts";
import { openHost, type RolloutHost } from "./rollout-host.ts";
import type { RolloutResult } from "./rollout-result.ts";
import { SteppedRollout } from "./stepped-rollout.ts";

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

/** A rollout that waits for its actions; opened by {@link openRollout}. */
export interface OpenRollout extends AsyncDisposable {
  /** The seed it was reset with. */
  readonly seed: number;
  /** What the environment showed last. */
  readonly observation: TypedValue;
  /** What it told last. */
  readonly info: TypedObject;
  /** The numbers of the actions that are legal now, where the environment says which they are. */
  readonly legal: readonly number[] | null;
  /** The action space behind the reset; undefined where there is none that can be told. */
  readonly actionSpace: Space | undefined;
  /** The observation space behind the reset; undefined where there is none that can be told. */
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
    const rollout = new SteppedRollout(options, host, seed, signal);
    try {
      await rollout.begin();
      return rollout;
    } catch (error) {
      const mayRetry = isSameseedError(error) && error.kind.retryable && error.code !== "aborted";
      if (!mayRetry || attempt === attempts) throw error;
    }
  }
}
