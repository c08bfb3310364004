import { addRewards, mapRewards, type RewardSum } from "../model/reward-sum.ts";
import { toDigest, type Digest } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { isComplete, outcomes, type Outcome } from "../model/outcome.ts";
import { rowKey, runKeys } from "../model/branch.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import { indexSegments, positionHolds } from "./index-segments.ts";
import { isBefore, type IndexedRow } from "./indexed-row.ts";
import { decodeRow, type Row } from "./row.ts";
import { isMadeAgain, readMadeAgain } from "./made-again.ts";
import { RowTable } from "./row-table.ts";
import { countSegments, type RunPaths, runPaths } from "./run-folder.ts";
import { readRunManifest } from "./run-manifest-file.ts";
import { damagedEntry, SegmentFiles } from "./segment-files.ts";
import { storeError } from "./store-error.ts";
import { unpackTrajectory } from "./trajectory-payload.ts";

/** How {@link RunReader.open} reads. */
export interface RunReaderOptions {
  /**
   * Read and check every recorded byte now, whatever the catalogue says. Otherwise what was on the disk when the
   * catalogue was written is checked when it is asked for.
   * @default false
   */
  readonly checkAll?: boolean;
}

/** Seeds whose rollouts have the same play digest. */
export interface IdenticalTrajectories {
  readonly playDigest: Digest;
  /** At least two, in order. */
  readonly seeds: readonly number[];
}

/** Summary statistics of a run. */
export interface RunStatistics {
  /** How many rollouts are recorded. */
  readonly rollouts: number;
  /** How many of the spec's seeds are not. */
  readonly missing: number;
  /** How many rollouts ended how; only outcomes that occur. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Steps of all rollouts. */
  readonly steps: number;
  /** The mean return of complete rollouts, as {@link meanReward}, the older name of it. */
  readonly meanReturn: RewardSum;
  /** The mean total reward of complete rollouts (`terminated` and `truncated`), summed in seed order; null without any. */
  readonly meanReward: RewardSum;
}

/** What the catalogue knows of a rollout: enough to lay out a run of any size without reading its rows. */
export interface OutlinedRollout {
  /** Its seed, or its number where the run is one of branches. */
  readonly key: number;
  readonly outcome: Outcome;
  readonly steps: number;
  /** Null where it is not one number: the row itself has it. */
  readonly totalReward: number | null;
}

/** Checks the recorded bytes of a rollout beyond the store's own checks; throws if they are wrong. */
export type TrajectoryCheck = (recorded: Buffer, summary: RolloutSummary) => void;

/**
 * Reads a run as it was when it was opened. It never writes to the folder, which may be read-only or being written by
 * another process.
 */
export class RunReader implements Disposable {
  /** What the run is. */
  readonly manifest: RunManifest;
  /**
   * Whether the recording ends before the place up to which its own catalogue says it was on the disk: its end was cut off
   * after it was written. A recording that a crash cut short is not.
   */
  readonly cutShort: boolean;
  readonly #paths: RunPaths;
  readonly #files: SegmentFiles;
  readonly #table: RowTable;

  private constructor(
    manifest: RunManifest,
    paths: RunPaths,
    {
      files,
      table,
      cutShort,
    }: { readonly files: SegmentFiles; readonly table: RowTable; readonly cutShort: boolean },
  ) {
    this.manifest = manifest;
    this.cutShort = cutShort;
    this.#files = files;
    this.#paths = paths;
    this.#table = table;
  }

  /**
   * Opens a run folder. A torn tail is left out.
   * @throws SameseedError `run_missing`, `run_damaged`, `io_failed`.
   */
  static async open(folder: string, options: RunReaderOptions = {}): Promise<RunReader> {
    refuseUnknownOptions(options, { checkAll: true } satisfies NamesOf<RunReaderOptions>, "RunReader.open");
    const { checkAll = false } = options;
    const paths = runPaths(folder);
    const manifest = readRunManifest(paths);
    const { runId } = manifest;
    const files = new SegmentFiles(paths, runId);
    try {
      let table = RowTable.ofCatalogue(paths.catalogue, runId);
      const stated = table.position;
      // Counted after the catalogue was read: a writer may go on, and the segments must be at least as new.
      const segments = countSegments(paths);
      if (checkAll || !positionHolds(files, stated, segments)) table = new RowTable();
      const end = await indexSegments(files, table, segments);
      return new RunReader(manifest, paths, { files, table, cutShort: isBefore(end, stated) });
    } catch (error) {
      files.close();
      throw storeError(error, "opening", paths.folder);
    }
  }

  /** How many rollouts are recorded. */
  get size(): number {
    return this.#table.size;
  }

  /** Whether a rollout is recorded. @param seed its seed, or its number where the run is one of branches */
  has(seed: number): boolean {
    return this.#table.findRow(seed) !== undefined;
  }

  /** Whether a rollout's trajectory can be read: it was kept, or made again. @throws `run_missing`, `run_damaged` */
  hasTrajectory(seed: number): boolean {
    return this.#read(this.#find(seed)).trajectory !== undefined || isMadeAgain(this.#paths, seed);
  }

  /** The spec's seeds (of branches, the numbers) that are not recorded, in the spec's order. */
  *missing(): Generator<number> {
    for (const seed of runKeys(this.manifest.spec)) if (!this.has(seed)) yield seed;
  }

  /**
   * All rows in seed order, one at a time.
   * @throws SameseedError `run_damaged`.
   */
  *rows(): Generator<RolloutSummary> {
    for (const row of this.#table.rows()) yield this.#read(row).summary;
  }

  /** The keys of {@link rows} in the order in which they were recorded, which never changes for what is there. */
  recordedOrder(): number[] {
    return [...this.#table.rows()].sort((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ seed }) => seed);
  }

  /** All rollouts in the order of their keys, as the catalogue knows them: without reading {@link rows}. */
  *outline(): Generator<OutlinedRollout> {
    for (const { seed, outcome, steps, totalReward } of this.#table.outline())
      yield { key: seed, outcome, steps, totalReward };
  }

  /**
   * One rollout's row.
   * @param seed its seed, or its number where the run is one of branches
   * @throws SameseedError `run_missing` where the seed is not recorded, `run_damaged`.
   */
  row(seed: number): RolloutSummary {
    return this.#read(this.#find(seed)).summary;
  }

  /**
   * One rollout's recorded bytes: the trajectory blob, whose checksums have been verified.
   * @throws SameseedError `run_missing` where the seed is not recorded, or its trajectory was neither kept nor made again;
   * `run_damaged`; whatever `check` throws.
   */
  trajectory(seed: number, check?: TrajectoryCheck): Buffer {
    const { summary, trajectory } = this.#read(this.#find(seed));
    if (trajectory === undefined) {
      const again = readMadeAgain(this.#paths, summary);
      check?.(again, summary);
      return again;
    }
    const recorded = unpackTrajectory(this.#files.read(trajectory, "trajectory"), trajectory.address);
    if (recorded === undefined) {
      throw damagedEntry(this.#files.path(trajectory.segment), trajectory, `trajectory of seed ${seed}`);
    }
    check?.(recorded, summary);
    return recorded;
  }

  /** Different seeds with equal play digests: a sign that the environment or the policy ignores its seed. */
  *identicalTrajectories(): Generator<IdenticalTrajectories> {
    for (const { play, seeds } of this.#table.sharedPlay()) {
      yield { playDigest: toDigest(play), seeds };
    }
  }

  /** The run in numbers. */
  statistics(): RunStatistics {
    const counts = new Map<Outcome, number>();
    let steps = 0;
    let complete = 0;
    let reward: RewardSum = 0;
    for (const row of this.#table.rows()) {
      counts.set(row.outcome, (counts.get(row.outcome) ?? 0) + 1);
      steps += row.steps;
      if (!isComplete(row.outcome)) continue;
      complete++;
      const { totalReward } = row.totalReward === null ? this.#read(row).summary : row;
      reward =
        complete === 1 ? mapRewards(totalReward, (value) => 0 + value) : addRewards(reward, totalReward);
    }
    const missing = [...this.missing()].length;
    return {
      rollouts: this.size,
      missing,
      outcomes: Object.fromEntries(
        outcomes.flatMap((name) => (counts.has(name) ? [[name, counts.get(name)]] : [])),
      ),
      steps,
      meanReturn: meanOf(reward, complete),
      meanReward: meanOf(reward, complete),
    };
  }

  /** Releases the reader's resources; it cannot be used afterwards. */
  close(): void {
    this.#files.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #find(seed: number): IndexedRow {
    const row = this.#table.findRow(seed);
    if (row !== undefined) return row;
    const isBranch = this.manifest.spec.branch !== undefined;
    throw new SameseedError(
      "run_missing",
      `the run holds no ${isBranch ? "branch" : "rollout of seed"} ${seed}`,
      {
        context: { seed },
        hint: `name one of the run's ${isBranch ? "branches" : "seeds"}, or resume the run to record the missing ones`,
      },
    );
  }

  #read(place: IndexedRow): Row {
    const row = decodeRow(this.#files.read(place, "row"));
    if (row !== undefined && rowKey(row.summary) === place.seed) return row;
    throw damagedEntry(this.#files.path(place.segment), place, `row of seed ${place.seed}`);
  }
}

function meanOf(sum: RewardSum, count: number): RewardSum {
  return count === 0 ? null : mapRewards(sum, (value) => value / count);
}
