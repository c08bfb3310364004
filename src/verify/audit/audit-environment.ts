import { SameseedError } from "../../base/error.ts";
import { limitNames } from "../../model/limits.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { readSeeds } from "../../model/seed.ts";
import { resolveImage } from "../../image/image-store.ts";
import { lowestTier } from "../../model/receipt.ts";
import { asksCaller } from "../../rollout/plan-rollout.ts";
import { MisuseCheck } from "../../rollout/rollout-result.ts";
import type { RolloutFleet } from "../../rollout/rollout-fleet.ts";
import { resolveOptions, type ResolvedOptions, type RolloutOptions } from "../../rollout/rollout-config.ts";
import type { Ledger } from "../../model/trajectory.ts";
import { auditElsewhere } from "./audit-elsewhere.ts";
import type { AuditReport } from "./audit-report.ts";
import { ledgerOf } from "./compare-rollouts.ts";
import { factors } from "./factors.ts";
import { judgeRollouts, runAll, type Audit } from "./judge-rollouts.ts";
import { everything } from "./search-causes.ts";
import { WorldRunner } from "./world-runner.ts";

/** How an audit runs, beside what it audits. */
export interface AuditWatch {
  /** Rollouts at the same time. @default twice the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Another machine that does all of it; {@link concurrency} is then its own. @default this one */
  readonly fleet?: RolloutFleet;
  /** Called with each step of the work, in a few words. */
  readonly onProgress?: (doing: string) => void;
}

/** How one of several audits runs. */
export interface SharedAuditWatch extends AuditWatch {
  /** Zygotes to share with other audits of the same image and limits. @default its own */
  readonly runner?: WorldRunner;
  /** Whether nobody else uses {@link runner}: then a cold start is compared, too. @default false where there is one */
  readonly isAlone?: boolean;
}

/** What to audit, and how. */
export interface AuditOptions extends Omit<RolloutOptions, "backend" | "idleMs" | "start">, AuditWatch {
  /** @default [0] */
  readonly seeds?: readonly number[];
}

const auditNames: NamesOf<AuditOptions> = {
  envName: true,
  policy: true,
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
  concurrency: true,
  onProgress: true,
  fleet: true,
};

/** What an audit is of. */
export interface AuditSubject {
  /** The environment's name as a person gave it. */
  readonly env: string;
  readonly options: ResolvedOptions;
  readonly seeds: readonly number[];
}

/** The steps an audit looks at where the caller names no limit. */
export const auditStepsDefault = 200;
/** The wall time of one rollout of an audit, in ms: a world without sealed waits may take for ever. */
export const auditWallMs = 30_000;
/**
 * Finds out whether a rollout depends on anything but its spec, and if it does, on what, from which step on and in
 * which line: runs it twice in one world, once with everything else changed, and where that differs with one thing
 * changed at a time.
 * @throws as `runRollout`
 *
 * @experimental
 */
export async function auditEnvironment(options: AuditOptions): Promise<AuditReport> {
  refuseUnknownOptions(options, auditNames, "auditEnvironment");
  const resolved = resolveOptions({
    ...options,
    maxSteps: options.maxSteps ?? auditStepsDefault,
    limits: { wallMs: auditWallMs, ...options.limits },
  });
  const seeds = [...new Set(readSeeds(options.seeds === undefined ? [0] : options.seeds))];
  return await auditAnywhere({ env: options.envName, options: resolved, seeds }, options);
}

/** As {@link auditRollouts}, on a machine of a fleet where one is given. @throws as that */
export async function auditAnywhere(subject: AuditSubject, watch: AuditWatch): Promise<AuditReport> {
  const { fleet, signal, onProgress } = watch;
  if (fleet === undefined) return await auditRollouts(subject, watch);
  refuseEmpty(subject);
  onProgress?.("on a machine of the fleet");
  for await (const { answer } of auditElsewhere([subject], { fleet, signal, isAlone: true }))
    if ("report" in answer) return answer.report;
    else throw new SameseedError("sandbox_failed", "failed" in answer ? answer.failed : answer.skipped);
  throw new SameseedError("internal", "the fleet gave no audit");
}

function refuseEmpty({ seeds, options }: AuditSubject): void {
  if (seeds.length === 0) throw new SameseedError("bad_argument", "an audit needs at least one seed");
  if (asksCaller(options.template))
    throw new SameseedError(
      "bad_argument",
      "an audit cannot ask a function, which may answer otherwise each time",
      {
        hint: "give its actions as a list: { actions }",
      },
    );
}

/**
 * Audits rollouts whose options are resolved already, such as those of a recorded run.
 * @throws as `runRollout`
 */
export async function auditRollouts(
  subject: AuditSubject,
  watch: SharedAuditWatch = {},
): Promise<AuditReport> {
  const { env, options, seeds } = subject;
  refuseEmpty(subject);
  const image = resolveImage(options.image);
  const runner = watch.runner ?? makeRunner(options, watch);
  const { isAlone = watch.runner === undefined } = watch;
  const before = runner.cost;
  try {
    runner.warm(everything(factors));
    const receipt = await runner.receipt();
    const mode = receipt.world.mode;
    const specs = seeds.map((seed) => ({ ...options.template, seed }));
    const usable = factors.filter(
      ({ id, needsSeal }) => (mode === "sealed" || needsSeal !== true) && (id !== "cold" || isAlone),
    );
    const onProgress = watch.onProgress ?? ((): void => {});
    const audit: Audit = {
      onProgress,
      runner,
      specs,
      locate: { runner, image },
      counted: mode === "sealed",
      usable,
    };
    onProgress("the baseline");
    const baseline = await runAll(audit, {});
    const misuse = new MisuseCheck();
    for (const { summary } of baseline) misuse.refuse(summary);
    const ledger = sumLedgers(baseline.map(ledgerOf));
    const found = await judgeRollouts(audit, baseline, ledger);
    return {
      env,
      ...found,
      ledger,
      tier:
        found.verdict === "broken" ? "none" : lowestTier(baseline.map(({ summary }) => summary.receipt.tier)),
      image: image.name,
      imageDigest: receipt.image.digest,
      world: mode,
      seeds,
      maxSteps: options.template.maxSteps,
      rollouts: baseline.map(({ summary: { seed, steps, outcome } }) => ({ seed, steps, outcome })),
      cost: {
        rollouts: runner.cost.rollouts - before.rollouts,
        zygotes: runner.cost.zygotes - before.zygotes,
      },
    };
  } finally {
    if (watch.runner === undefined) await runner.close();
  }
}

/** Zygotes for audits of one image under one set of limits; the caller closes it. */
export function makeRunner(options: ResolvedOptions, watch: AuditWatch): WorldRunner {
  const { image, world, limits } = options;
  return new WorldRunner({
    image: resolveImage(image),
    world,
    limits,
    ...(watch.concurrency === undefined ? {} : { concurrency: watch.concurrency }),
    ...(watch.signal === undefined ? {} : { signal: watch.signal }),
  });
}

function sumLedgers(ledgers: readonly Ledger[]): Ledger {
  const sum: Record<string, number> = {};
  for (const ledger of ledgers)
    for (const [kind, count] of Object.entries(ledger)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}
