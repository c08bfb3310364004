import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { startRollout } from "./stepped-rollout.ts";
import { steppedNames, steppedOptions } from "./stepped-options.ts";
import { prepareStart } from "./prepared-start.ts";
import { openHost } from "./rollout-host.ts";
import { aheadOf, LaneVector } from "./rollout-vector.ts";
import { SeedSchedule } from "./seed-schedule.ts";
import type { OpenRolloutsConfig, RolloutVector } from "./vector-step.ts";

const vectorNames: NamesOf<OpenRolloutsConfig> = {
  ...steppedNames,
  count: true,
  seeds: true,
  autoreset: true,
  repeatSeeds: true,
  start: true,
  onEpisode: true,
};

/** A backend has at most 512 sandboxes; some are for what is started ahead, and for others. */
const countMost = 256;

/**
 * Opens rollouts that are stepped together, each in sandboxes of its own.
 *
 * @example
 * await using vector = await openRollouts({ envName: "CartPole-v1", count: 8, seeds: 1 });
 * const { observations, rewards, terminated } = await vector.step(vector.observations.map(() => 0));
 *
 * @throws as `openRollout`; `bad_argument` where there are not enough seeds
 */
export async function openRollouts(config: OpenRolloutsConfig): Promise<RolloutVector> {
  refuseUnknownOptions(config, vectorNames, "openRollouts");
  const { count, seeds, repeatSeeds = false } = config;
  if (!Number.isInteger(count) || count < 1 || count > countMost)
    throw new SameseedError(
      "bad_argument",
      `count must be a whole number from 1 to ${countMost}, not ${count}`,
    );
  const schedule = new SeedSchedule(seeds, repeatSeeds);
  const options = steppedOptions(config);
  const place = await openHost(options);
  const prepared =
    options.start === "prepared"
      ? await prepareStart(place, options, config.signal, count + aheadOf(count))
      : undefined;
  const host = prepared?.host ?? place;
  const vector = new LaneVector(config, schedule, {
    start: async (seed) => await startRollout(options, host, seed, config.signal),
    leave: async () => await prepared?.close(),
  });
  try {
    await vector.begin();
  } catch (error) {
    await vector.close().catch(() => {});
    throw error;
  }
  return vector;
}
