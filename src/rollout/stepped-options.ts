import type { NamesOf } from "../base/known-options.ts";
import {
  resolveOptions,
  rolloutOptionNames,
  type ResolvedOptions,
  type RolloutConfig,
} from "./rollout-config.ts";

/** A rollout that is stepped from outside: what a {@link RolloutConfig} says, but that its policy is the caller. */
export interface OpenRolloutConfig extends Omit<RolloutConfig, "policy" | "start"> {
  /**
   * How long the rollout may wait for a step, in milliseconds; a forgotten one then ends as `wall_limit`. No other clock counts
   * that time.
   * @default 600000
   */
  readonly idleMs?: number;
}

const { policy: _, start: __, ...stepped } = rolloutOptionNames;
/** Every option of a stepped rollout but its seed. */
export const steppedNames: NamesOf<Omit<OpenRolloutConfig, "seed">> = stepped;

/** Options of rollouts whose only seat the caller answers for. @throws as `resolveOptions` */
export function steppedOptions(config: Omit<OpenRolloutConfig, "seed">): ResolvedOptions {
  const { template, ...rest } = resolveOptions(config);
  const seats = template.seats.map(({ seat }) => ({ seat, policy: { kind: "caller" as const } }));
  return { ...rest, template: { ...template, seats } };
}
