import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { nowIso, timeName } from "../base/clock.ts";
import { SameseedError } from "../base/error.ts";
import type { BranchSpec } from "../model/branch.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import type { Keep } from "../model/keep.ts";
import { readSeeds } from "../model/seed.ts";
import { resolveImage } from "../image/image-store.ts";
import { importWhereNamed } from "../image/import-image.ts";
import { packageVersion } from "../base/package-version.ts";
import type { RolloutSummary, RunSpec } from "../model/rollout.ts";
import { runFormat, type RunManifest } from "../model/run-manifest.ts";
import { recordRollouts } from "../rollout/record-rollouts.ts";
import {
  batchNames,
  resolveOptions,
  type BatchConfig,
  type ResolvedOptions,
} from "../rollout/rollout-config.ts";
import { backendName, openHost, type RolloutHost } from "../rollout/rollout-host.ts";
import { engineOf } from "../rollout/rollout-fleet.ts";
import { MisuseCheck } from "../rollout/rollout-result.ts";
import { discardFailedRun } from "./discard-failed-run.ts";
import { checkFolder, isRunFolder } from "./run-folder.ts";
import { checkKeep } from "./kept.ts";
import { RunWriter } from "./run-writer.ts";
import { withTakeBacks } from "./take-back.ts";

/** What to run and where to record it. */
export interface RecordRunConfig extends Omit<BatchConfig, "seeds"> {
  readonly seeds: Iterable<number>;
  /** The run's folder. @default `runs/<environment>-<time>-<4 hex digits>` */
  readonly dir?: string;
  /** Runs only rollouts that the folder does not have yet. @default false */
  readonly resume?: boolean;
  /**
   * Adds those of {@link seeds} that the run in {@link dir} does not have, and runs whatever is missing; everything else must
   * be as it was. @default false
   */
  readonly extend?: boolean;
  /** Replaces the run in {@link dir} if none of its rollouts was a complete episode. @default false */
  readonly replaceFailed?: boolean;
  /**
   * Which trajectories are kept. What is not kept is made again from its seed when it is asked for, and compared with its digest;
   * what could not be made again is kept always. A run that is resumed keeps what it kept. @default "full"
   */
  readonly keep?: Keep;
  /** Called with the run before its first rollout; again where a fleet takes a run back and it begins anew. */
  readonly onOpen?: (run: OpenRun) => void;
  /** Called with each rollout when it is recorded: again where a fleet takes a run back, after {@link onOpen}. */
  readonly onRollout?: (summary: RolloutSummary) => void;
}

const recordNames: NamesOf<RecordRunConfig> = {
  ...batchNames,
  dir: true,
  resume: true,
  extend: true,
  replaceFailed: true,
  keep: true,
  onOpen: true,
  onRollout: true,
};

/** A run that is being recorded. */
export interface OpenRun {
  readonly runId: string;
  readonly dir: string;
  /** Rollouts the folder held already. */
  readonly recorded: number;
  /** Rollouts of the whole run. */
  readonly total: number;
}

/**
 * Runs rollouts and records each as it finishes. A rollout reported to {@link RecordRunConfig.onRollout} survives the
 * death of this process at any moment. `resume` continues an interrupted run, `extend` adds seeds to a run. If nothing was recorded, because the
 * environment does not exist or the host cannot build the wall, no run folder remains.
 * @throws as `collectRollouts`, and `run_exists`, `run_differs`, `run_locked`, `run_damaged`, `disk_full`, `io_failed`
 */
export async function recordRun(config: RecordRunConfig): Promise<OpenRun> {
  refuseUnknownOptions(config, recordNames, "recordRun");
  const options = resolveOptions(config);
  if (config.keep !== undefined) checkKeep(config.keep, options.template);
  const seeds = [...new Set(readSeeds(config.seeds))];
  if (seeds.length === 0) throw new SameseedError("bad_argument", "a run needs at least one seed");
  if (config.dir !== undefined) checkFolder(config.dir);
  const dir = resolve(config.dir ?? join("runs", defaultFolder(config.envName)));
  const host = await hostFor(options, config.fleet);
  if (config.replaceFailed === true) await discardFailedRun(dir);
  const recording: Recording = { config, options, host, seeds };
  return await withTakeBacks(dir, async (before) => {
    if (before === undefined) return await recordInto(dir, recording);
    const { keep = config.keep } = before;
    const anew = { ...config, resume: false, extend: false, ...(keep === undefined ? {} : { keep }) };
    return await recordInto(dir, { ...recording, config: anew, seeds: before.seeds ?? seeds });
  });
}

interface Recording {
  readonly config: RecordRunConfig;
  readonly options: ResolvedOptions;
  readonly host: RolloutHost | Pick<RolloutHost, "image">;
  readonly seeds: readonly number[];
}

async function recordInto(dir: string, { config, options, host, seeds }: Recording): Promise<OpenRun> {
  const { keep } = config;
  const existed = existsSync(dir);
  const { resume = false, extend = false } = config;
  const writer = await openWriter(dir, { options, host, seeds, keep }, { resume: resume || extend, extend });
  try {
    const run: OpenRun = {
      runId: writer.manifest.runId,
      dir,
      recorded: writer.recorded.size,
      total: writer.manifest.spec.seeds.length,
    };
    config.onOpen?.(run);
    const missing = writer.manifest.spec.seeds.filter((seed) => !writer.recorded.has(seed));
    if (missing.length > 0) {
      const misuse = new MisuseCheck(writer.recorded.size > 0);
      for await (const rollout of recordRollouts(options, missing, {
        ...config,
        ...("backend" in host ? { host } : {}),
      })) {
        misuse.refuse(rollout.summary);
        await writer.append(rollout);
        config.onRollout?.(rollout.summary);
      }
    }
    await writer.close();
    if (config.fleet !== undefined)
      await engineOf(config.fleet).certify({ dir, options, signal: config.signal });
    return run;
  } finally {
    await writer.closeOrDiscard(existed);
  }
}

/** What a run needs of this machine: with a fleet only the image, to name it. */
async function hostFor(
  options: ResolvedOptions,
  fleet: RecordRunConfig["fleet"],
): Promise<RolloutHost | Pick<RolloutHost, "image">> {
  if (fleet === undefined) return await openHost(options);
  engineOf(fleet);
  await importWhereNamed(options.image);
  return { image: resolveImage(options.image) };
}

/** What a run folder is made for. */
export interface RunToWrite {
  readonly options: ResolvedOptions;
  readonly host: Pick<RolloutHost, "image">;
  readonly seeds: readonly number[];
  /** What makes it a run of branches. */
  readonly branch?: BranchSpec;
  /** Which trajectories a new run keeps; one that is resumed must keep them already. @default full, or what the run keeps */
  readonly keep?: Keep | undefined;
}

/**
 * Makes a run folder for these rollouts, or goes on in it where `resume` is set and a run is there; with `extend` the run
 * takes on the seeds that it does not have.
 * @throws `image_missing`, `run_exists`, `run_differs`, `run_locked`, `run_damaged`, `disk_full`, `io_failed`
 */
export async function openWriter(
  dir: string,
  { options, host, seeds, branch, keep }: RunToWrite,
  { resume, extend = false }: { readonly resume: boolean; readonly extend?: boolean },
): Promise<RunWriter> {
  const { name, manifest } = host.image;
  const spec: RunSpec = { ...options.template, seeds, ...(branch === undefined ? {} : { branch }) };
  if (resume && isRunFolder(dir)) {
    return await RunWriter.resume(dir, {
      spec,
      imageDigest: manifest.digest,
      world: options.world,
      extend,
      ...(keep === undefined ? {} : { keep }),
    });
  }
  const created: RunManifest = {
    format: runFormat,
    runId: `${timeName()}-${randomBytes(4).toString("hex")}`,
    spec,
    image: { name, manifest },
    limits: options.limits,
    backend: backendName(options.backend),
    world: options.world,
    ...(keep === undefined || keep === "full" ? {} : { keep }),
    createdAt: nowIso(),
    sameseedVersion: packageVersion(),
  };
  return await RunWriter.create(dir, created);
}

function defaultFolder(envName: string): string {
  const name = envName.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+/, "");
  return `${name}-${timeName()}-${randomBytes(2).toString("hex")}`;
}
