import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { batchNames, type BatchConfig, type PolicyInput } from "../../rollout/rollout-config.ts";
import type { Interval } from "../../stats/interval.ts";
import { meanInterval } from "../../stats/mean-interval.ts";
import {
  effectiveOf,
  faultsOf,
  type KeepOptions,
  playSeeds,
  policyNameOf,
  type SeedReturn,
  seedsOf,
} from "./play-seeds.ts";

/** A policy to evaluate in an environment with one seat. */
export interface ReturnsConfig extends Omit<BatchConfig, "policy">, KeepOptions {
  /** @default "random" */
  readonly policy?: PolicyInput;
}

const configNames: NamesOf<ReturnsConfig> = { ...batchNames, dir: true, resume: true, onRollout: true };

/** The returns of a policy. */
export interface EvaluatedReturns {
  readonly envName: string;
  /** The policy's name. */
  readonly policy: string;
  readonly seeds: readonly number[];
  /** Complete episodes: what the mean counts. */
  readonly rollouts: number;
  /** Independent observations among them: 1 where every seed gave the same play. */
  readonly effective: number;
  /** Mean return of the complete episodes; null without any. */
  readonly meanReturn: number | null;
  /** The interval of the mean; null without a complete episode. */
  readonly interval: Interval | null;
  /** How often each fault ended a rollout; such rollouts have no return and are left out of the mean. */
  readonly faults: Readonly<Record<string, number>>;
  readonly bySeed: readonly SeedReturn[];
}

/**
 * Runs a policy in an environment with one seat under many seeds, and gives its mean return with an interval.
 *
 * @example
 * const { meanReturn, interval } = await evaluateReturns({ envName: "CartPole-v1", policy: "bot.py", seeds: [1, 2, 3] });
 *
 * @throws as `collectRollouts`, and with `dir` as `recordRun`
 */
export async function evaluateReturns(config: ReturnsConfig): Promise<EvaluatedReturns> {
  refuseUnknownOptions(config, configNames, "evaluateReturns");
  const { dir, resume, onRollout, seeds: given, ...options } = config;
  const seeds = seedsOf(given);
  const kept = { ...(dir === undefined ? {} : { dir }), ...(resume === undefined ? {} : { resume }) };
  const bySeed = await playSeeds(options, seeds, {
    ...kept,
    ...(onRollout === undefined ? {} : { onRollout }),
  });
  const complete = bySeed.filter(({ totalReward }) => totalReward !== null);
  const returns = complete.map(({ totalReward }) => totalReward ?? 0);
  const effective = effectiveOf(complete.map(({ playDigest }) => playDigest));
  const estimate = returns.length === 0 ? undefined : meanInterval(returns.slice(0, effective));
  return {
    envName: config.envName,
    policy: policyNameOf(config.policy ?? "random"),
    seeds,
    rollouts: returns.length,
    effective,
    meanReturn: estimate?.mean ?? null,
    interval: estimate?.interval ?? null,
    faults: faultsOf(bySeed),
    bySeed,
  };
}
