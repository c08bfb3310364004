import { join } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { scalarReward } from "../../model/reward-sum.ts";
import { isComplete } from "../../model/outcome.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import { readSeeds } from "../../model/seed.ts";
import { recordRollouts } from "../../rollout/record-rollouts.ts";
import { type BatchConfig, type PolicyInput, resolveOptions } from "../../rollout/rollout-config.ts";
import { MisuseCheck } from "../../rollout/rollout-result.ts";
import { recordRun } from "../../store/record-run.ts";
import { withTakeBacks } from "../../store/take-back.ts";
import { RunReader } from "../../store/run-reader.ts";

/** Where rollouts are recorded, if anywhere. */
export interface KeepOptions {
  /** Records every rollout in this folder. @default nothing is recorded */
  readonly dir?: string;
  /** Plays only what the folder does not have yet. @default false */
  readonly resume?: boolean;
  /** Called with each rollout as it finishes. */
  readonly onRollout?: (summary: RolloutSummary) => void;
}

/** What of a rollout is counted. */
export interface SeedReturn {
  readonly seed: number;
  /** The sum of the rewards; null where the rollout was no complete episode. */
  readonly totalReward: number | null;
  readonly outcome: RolloutSummary["outcome"];
  readonly steps: number;
  readonly digest: string;
  /** Equal for equal play, whatever the seed. */
  readonly playDigest: string;
}

/** A policy by a name for people: a built-in's, a file's own, or a function's. */
export function policyNameOf(policy: PolicyInput): string {
  const read = resolveOptions({ envName: "any", policy }).template.seats[0]!.policy;
  if (read.kind === "builtin" || read.kind === "source") return read.name;
  if (typeof policy !== "function") return "a list of actions";
  return policy.name === "" ? "a function" : `the function ${policy.name}`;
}

/** Seeds without repetitions. @throws `bad_argument` where there is none */
export function seedsOf(seeds: Iterable<number>): readonly number[] {
  const checked = [...new Set(readSeeds(seeds))];
  if (checked.length > 0) return checked;
  throw new SameseedError("bad_argument", "an evaluation needs at least one seed");
}

/**
 * Plays an environment under seeds, one rollout each.
 * @param folder where in `dir` this policy's run is recorded
 * @param more whether seeds are added to what is recorded there
 * @returns in the order of the seeds
 */
export async function playSeeds(
  config: Omit<BatchConfig, "seeds">,
  seeds: readonly number[],
  { dir, resume = false, onRollout }: KeepOptions,
  { folder = "", more = false }: { readonly folder?: string; readonly more?: boolean } = {},
): Promise<SeedReturn[]> {
  const found = new Map<number, SeedReturn>();
  if (dir === undefined) {
    await withTakeBacks(undefined, async () => {
      const misuse = new MisuseCheck();
      for await (const { summary } of recordRollouts(resolveOptions(config), seeds, config)) {
        misuse.refuse(summary);
        found.set(summary.seed, toReturn(summary));
        onRollout?.(summary);
      }
    });
  } else {
    const path = join(dir, folder);
    await recordRun({
      ...config,
      seeds,
      dir: path,
      resume,
      extend: more,
      ...(onRollout === undefined ? {} : { onRollout }),
    });
    using reader = await RunReader.open(path);
    for (const seed of seeds) found.set(seed, toReturn(reader.row(seed)));
  }
  return seeds.flatMap((seed) => found.get(seed) ?? []);
}

function toReturn({
  seed,
  outcome,
  totalReward: sum,
  steps,
  digest,
  playDigest,
}: RolloutSummary): SeedReturn {
  const totalReward = scalarReward(sum);
  if (isComplete(outcome) && !Number.isFinite(totalReward)) {
    throw new SameseedError("bad_argument", `the return of seed ${seed} is not a finite number`, {
      hint: "only environments whose rewards are finite numbers can be evaluated",
      context: { seed },
    });
  }
  return {
    seed,
    totalReward: isComplete(outcome) ? totalReward : null,
    outcome,
    steps,
    digest,
    playDigest,
  };
}

/** How often each fault occurred. */
export function faultsOf(rollouts: readonly SeedReturn[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { outcome } of rollouts)
    if (!isComplete(outcome)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * How many observations values are: 1 where all come from the same play, because neither environment nor policy uses its seed;
 * else all of them.
 */
export function effectiveOf(plays: readonly string[]): number {
  return plays.length > 0 && plays.every((play) => play === plays[0]) ? 1 : plays.length;
}
