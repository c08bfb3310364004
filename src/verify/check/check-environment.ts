import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { limitNames } from "../../model/limits.ts";
import { lowestTier } from "../../model/receipt.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import { readSeeds } from "../../model/seed.ts";
import { resolveOptions, type RolloutOptions } from "../../rollout/rollout-config.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import { recordRun } from "../../store/record-run.ts";
import { badgeOf } from "./badge.ts";
import type { CheckReport, CheckRow, CheckRows, CheckSubject } from "./check-report.ts";
import type { PlainSubject } from "./plain-subject.ts";
import { judgePlays, runChecks } from "./run-checks.ts";

/** What to check, and how. */
export interface CheckEnvironmentOptions extends Omit<
  RolloutOptions,
  "backend" | "idleMs" | "policy" | "maxSteps" | "start"
> {
  /** At least two. @default [0, 1, 2, 3] */
  readonly seeds?: readonly number[];
  /** Steps of an episode that are looked at. @default 200 */
  readonly maxSteps?: number;
  /** Called with each part of the work, in a few words. */
  readonly onProgress?: (doing: string) => void;
  /** Called once, before the first part. */
  readonly onStart?: (subject: CheckSubject) => void | Promise<void>;
  /** Called with each part of the report as soon as it is known, in the report's order. The next waits for what it returns. */
  readonly onPart?: (name: keyof CheckRows, row: CheckRow) => void | Promise<void>;
}

const checkNames: NamesOf<CheckEnvironmentOptions> = {
  envName: true,
  files: true,
  envArgs: true,
  maxSteps: true,
  volatileInfo: true,
  image: true,
  world: true,
  limits: limitNames,
  network: true,
  signal: true,
  seeds: true,
  onProgress: true,
  onStart: true,
  onPart: true,
};

/** Steps of an episode that are looked at where nothing else is asked for. */
export const checkStepsDefault = 200;
/** Seeds that are tried where nothing else is asked for. */
export const checkSeedsDefault: readonly number[] = [0, 1, 2, 3];

/**
 * Answers whether an environment is fit for reproducible rollouts: it plays, Gymnasium's own checker passes it, its seed
 * decides in both directions, its rollouts give the same bytes warm, cold and under load, an audit finds nothing else they
 * depend on, and they are what plain Gymnasium gives. Says how fast it is.
 *
 * @example
 * const { fit, checks } = await checkEnvironment({ envName: "CartPole-v1" });
 * if (!fit) console.log(Object.entries(checks).filter(([, { verdict }]) => verdict === "fail"));
 *
 * @throws as `runRollout`. What is wrong with the environment itself is in the report.
 *
 * @experimental
 */
export async function checkEnvironment(options: CheckEnvironmentOptions): Promise<CheckReport> {
  refuseUnknownOptions(options, checkNames, "checkEnvironment");
  const {
    seeds: given = checkSeedsDefault,
    maxSteps = checkStepsDefault,
    onProgress = (): void => {},
    onStart,
    onPart = (): void => {},
    ...rest
  } = options;
  const seeds = [...new Set(readSeeds(given))];
  if (seeds.length < 2)
    throw new SameseedError("bad_argument", "a check needs at least two seeds", {
      hint: "leave out seeds, or give two: one alone cannot show that the seed decides anything",
    });
  const rollouts: RolloutOptions = { ...rest, maxSteps };
  const resolved = resolveOptions(rollouts);
  const host = await openHost(resolved);
  const { signal } = options;
  const about: CheckSubject = {
    env: options.envName,
    image: host.image.name,
    imageDigest: host.receipt.image.digest,
    world: host.receipt.world.mode,
    seeds,
    maxSteps,
  };
  await onStart?.(about);
  const folder = mkdtempSync(join(tmpdir(), "sameseed-check-"));
  try {
    const dir = join(folder, "run");
    const summaries: RolloutSummary[] = [];
    onProgress("playing");
    await recordRun({ ...rollouts, seeds, dir, onRollout: (summary) => summaries.push(summary) });
    const subject: PlainSubject = {
      image: host.image,
      options: resolved,
      seeds,
      maxSteps,
      longestMs: Math.max(...summaries.map(({ timings }) => timings.runMs)),
      ...(signal === undefined ? {} : { signal }),
    };
    const checks = await runChecks(judgePlays(summaries), {
      subject,
      rollouts,
      host,
      dir,
      onProgress,
      onPart,
    });
    return toReport(checks, about, summaries);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The parts that say whether rollouts can be had again. */
const reproducibility = ["warm", "cold", "loaded", "audit"] as const;

function toReport(checks: CheckRows, about: CheckSubject, summaries: readonly RolloutSummary[]): CheckReport {
  const { env, seeds } = about;
  const fit = Object.values(checks).every(({ verdict }) => verdict !== "fail");
  const reproducible = reproducibility.every((name) => checks[name].verdict === "pass");
  const receipts = summaries.map(({ receipt }) => receipt);
  // What was shown to differ is promised nowhere, whatever its receipts say.
  const tier = reproducible ? lowestTier(receipts.map((receipt) => receipt.tier)) : "none";
  const notHeld = [...new Set(receipts.flatMap(({ world }) => world.notHeld))];
  const badge = badgeOf({ env, fit, tier, seeds });
  return { ...about, fit, reproducible, checks, tier, notHeld, badge };
}
