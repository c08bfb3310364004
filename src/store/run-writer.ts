// Theory of operation. Appends queue up in order; one loop takes as many as there are, writes them in one go and
// acknowledges them, so many concurrent rollouts share a write while a lone one waits for nobody. The disk is
// synced beside the loop, at most once a second, and the next batch states how far. The catalogue follows behind;
// if it fails it is dropped, because the next opening can make it again. If a segment cannot be written, the
// entries of that batch are taken back, every waiting append fails with the reason, and the run can be resumed.

import { SameseedError } from "../base/error.ts";
import { rowKey, runKeys } from "../model/branch.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import { AppendQueue } from "./append-queue.ts";
import { buildBatch, prepareRollout, type BuiltBatch, type PreparedRollout } from "./build-batch.ts";
import type { Catalogue } from "./catalogue.ts";
import { discardEmptyRun } from "./discard-empty-run.ts";
import {
  createForWriting,
  resumeForWriting,
  type CutTail,
  type OpenedRun,
  type RunWriterOptions,
} from "./open-for-writing.ts";
import type { ExpectedRun } from "./same-run.ts";
import { storeError } from "./store-error.ts";

/** Records a run. One process at a time may write to a run; any number may read it meanwhile. */
export class RunWriter {
  /** What the run is. */
  readonly manifest: RunManifest;
  /** What a crash of the last writer had left unfinished, if anything. */
  readonly cut: CutTail | undefined;
  readonly #run: OpenedRun;
  readonly #seeds: ReadonlySet<number>;
  readonly #recorded = new Set<number>();
  readonly #queue: AppendQueue<PreparedRollout>;
  #catalogue: Catalogue | undefined;
  /** Up to where the present segment is on the disk, and up to where it says so. */
  #synced: number;
  #stated: number;
  /** Whether there may be entries after the last statement. */
  #unsealed: boolean;
  #syncing: Promise<void> = Promise.resolve();
  #syncTimer: NodeJS.Timeout | undefined;
  #syncDue: number;
  /** Why nothing can be written any more, and whether a caller knows. */
  #failure: SameseedError | undefined;
  #reported = false;
  #closing: Promise<void> | undefined;

  private constructor(run: OpenedRun) {
    this.#run = run;
    this.manifest = run.manifest;
    this.cut = run.cut;
    this.#catalogue = run.catalogue;
    this.#unsealed = run.unsealed;
    this.#seeds = new Set(runKeys(run.manifest.spec));
    for (const row of run.catalogue.rows()) this.#recorded.add(row.seed);
    this.#queue = new AppendQueue((items) => this.#write(items));
    this.#synced = run.appender.offset;
    this.#stated = run.appender.offset;
    this.#syncDue = performance.now() + run.options.syncEveryMs;
  }

  /**
   * Makes a run folder and opens it for writing.
   * @throws SameseedError `run_exists`, `run_locked`, `bad_argument` where the folder holds other things or the
   * manifest is not of its form, `disk_full`, `io_failed`.
   */
  static async create(
    folder: string,
    manifest: RunManifest,
    options: RunWriterOptions = {},
  ): Promise<RunWriter> {
    return new RunWriter(await createForWriting(folder, manifest, options));
  }

  /**
   * Opens an existing run to record what is missing. A torn tail is cut off.
   * @throws SameseedError `run_missing`, `run_locked`, `run_differs`, `run_damaged`, `disk_full`, `io_failed`.
   */
  static async resume(
    folder: string,
    expected: ExpectedRun,
    options: RunWriterOptions = {},
  ): Promise<RunWriter> {
    return new RunWriter(await resumeForWriting(folder, expected, options));
  }

  /** The seeds (of branches, the numbers) whose rollouts are recorded and acknowledged. */
  get recorded(): ReadonlySet<number> {
    return this.#recorded;
  }

  /**
   * Records a rollout. When the promise is fulfilled the rollout survives the end of this process at any moment.
   * @returns false where its seed was recorded before, and nothing was written.
   * @throws SameseedError `disk_full`, `io_failed`, or `bad_argument` where it cannot be recorded.
   */
  async append(rollout: RecordedRollout): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#report(this.#failure);
    const seed = rowKey(rollout.summary);
    if (this.#closing !== undefined) throw new SameseedError("bad_argument", "the run was closed");
    if (!this.#seeds.has(seed))
      throw new SameseedError("bad_argument", `${seed} is not one of the run's rollouts`);
    if (this.#recorded.has(seed)) return false;
    return this.#queue.add(prepareRollout(rollout, this.manifest.keep));
  }

  /**
   * Waits for all appends, makes them safe from a power loss and gives the lock back. The second call does nothing.
   * @throws SameseedError `disk_full` or `io_failed` where the last of it cannot be made safe.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#finish(() => this.#run.lock.release());
    return this.#closing;
  }

  /**
   * Closes it; where it holds no rollout, nothing is left of it.
   * @param keepFolder leave the emptied folder: it was there before
   * @throws SameseedError as {@link close}
   */
  async closeOrDiscard(keepFolder: boolean): Promise<void> {
    const { paths, lock } = this.#run;
    this.#closing ??= this.#finish(() => {
      if (this.#recorded.size > 0) lock.release();
      else discardEmptyRun(paths, lock, keepFolder);
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Writes the first of the items, as many as fit in one write; for each whether it is recorded now. */
  async #write(items: readonly PreparedRollout[]): Promise<readonly boolean[]> {
    if (this.#failure !== undefined) throw this.#report(this.#failure);
    let built = this.#build(items);
    try {
      if (built === undefined) {
        await this.#rotate();
        built = this.#build(items);
      }
      if (built === undefined)
        throw new SameseedError("internal", "an empty segment has no room for a rollout");
      if (built.batch !== undefined) await this.#run.appender.append(built.batch);
    } catch (error) {
      this.#failure ??= storeError(error, "writing", this.#run.paths.folder);
      throw this.#report(this.#failure);
    }
    const { rows, trajectories, results } = built;
    this.#stated = built.stated ?? this.#stated;
    for (const row of rows) this.#recorded.add(row.seed);
    this.#indexed((catalogue) => {
      for (const { address, place } of trajectories) catalogue.addTrajectory(address, place);
      for (const row of rows) catalogue.addRow(row);
    });
    if (rows.length > 0) this.#syncSoon();
    return results;
  }

  #build(items: readonly PreparedRollout[]): BuiltBatch | undefined {
    const { appender, files, options } = this.#run;
    return buildBatch(items, {
      appender,
      files,
      find: (address) => this.#indexed((catalogue) => catalogue.findTrajectory(address)),
      isRecorded: (seed) => this.#recorded.has(seed),
      segmentBytes: options.segmentBytes,
      synced: this.#synced > this.#stated ? this.#synced : undefined,
    });
  }

  async #rotate(): Promise<void> {
    await this.#stopSyncing();
    const { appender } = this.#run;
    await appender.rotate();
    this.#synced = appender.offset;
    this.#stated = appender.offset;
    this.#commit();
  }

  /** Syncs at the latest `syncEveryMs` after an append, and not more often than that; appends go on beside it. */
  #syncSoon(): void {
    this.#unsealed = true;
    if (this.#syncTimer !== undefined) return;
    const waitMs = Math.max(0, this.#syncDue - performance.now());
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined;
      this.#syncDue = performance.now() + this.#run.options.syncEveryMs;
      this.#syncing = this.#syncing.then(() => this.#sync());
    }, waitMs).unref();
  }

  async #sync(): Promise<void> {
    try {
      const position = await this.#run.appender.sync();
      this.#synced = position.offset;
      this.#indexed((catalogue) => {
        catalogue.position = position;
        catalogue.commit();
      });
    } catch (error) {
      this.#failure ??= storeError(error, "syncing", this.#run.paths.folder);
    }
  }

  /** Lets a sync that runs come to its end and starts no other. */
  async #stopSyncing(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    await this.#syncing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #finish(leave: () => void): Promise<void> {
    await this.#queue.idle();
    try {
      await this.#stopSyncing();
      if (this.#unsealed) await this.#run.appender.seal();
      this.#commit();
    } catch (error) {
      this.#failure ??= storeError(error, "writing", this.#run.paths.folder);
      // An append that failed has said so already; nothing that was acknowledged is lost by it.
      if (!this.#reported) throw this.#failure;
    } finally {
      this.#run.files.close();
      this.#catalogue?.close();
      await this.#run.appender.close().finally(leave);
    }
  }

  #report(failure: SameseedError): SameseedError {
    this.#reported = true;
    return failure;
  }

  /** Commits the catalogue where everything is on the disk. */
  #commit(): void {
    this.#indexed((catalogue) => {
      catalogue.position = this.#run.appender.end;
      catalogue.commit();
    });
  }

  /** Uses the catalogue as long as it works: it can be made again, so its failing must not stop the run. */
  #indexed<T>(use: (catalogue: Catalogue) => T): T | undefined {
    if (this.#catalogue === undefined) return undefined;
    try {
      return use(this.#catalogue);
    } catch {
      this.#catalogue.close();
      this.#catalogue = undefined;
      return undefined;
    }
  }
}
