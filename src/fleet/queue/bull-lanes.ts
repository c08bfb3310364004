// Theory of operation. BullMQ's worker takes jobs, renews their leases and gives back what a vanished host had. Some things are
// ours. A beat each second writes the note of this host and looks whether a batch that runs here was cancelled, or the host
// quarantined. A chunk that may not run here is put back for another host; where nothing else waits, this one takes nothing for
// longer than the chunk rests, since of several idle hosts the same one would be woken first and have it for ever. A chunk that
// failed rests in its lane, under its lease: BullMQ would say by the clock of the host when it is due, and a host that is an hour
// ahead and dies would leave the chunk lying for an hour. And a watchdog: a worker of BullMQ was known to stop taking jobs after an
// outage while it says that it runs; where chunks wait, lanes are free and none was taken for a while, it is made anew.

import { setTimeout as sleep } from "node:timers/promises";

import { DelayedError, type Job, type Queue, UnrecoverableError, WaitingError, type Worker } from "bullmq";

import { isSameseedError, SameseedError, toError } from "../../base/error.ts";
import { nowMs } from "../../base/clock.ts";
import { type Chunk, readChunk } from "../chunk.ts";
import {
  type ChunkReport,
  failureOf,
  type Lanes,
  type LanesOptions,
  losesMost,
  triesMost,
} from "./dispatcher.ts";
import type { BullBackend } from "./bull-backend.ts";
import { beatMs, defaultLeases, type Leases, queueName, soon } from "./queue-names.ts";

/** How long a chunk rests that this host may not run. */
const notHereMs = 500;
/**
 * When it is given to others at the latest: while this host stands aside, and well after it is due, since on PostgreSQL BullMQ may
 * give a chunk twice that is taken and promoted at one moment.
 */
const promoteMs = 800;
/** How long a chunk rests that failed here and may succeed, the first time; twice as long each other time. */
const failedMs = 1_000;
/** How long chunks may wait beside free lanes before the worker is taken for wedged. */
const wedgedMs = 15_000;

/** How {@link BullLanes} takes chunks. */
export interface BullLanesOptions extends LanesOptions {
  readonly leases?: Leases;
  /** Told when the worker was made anew. */
  readonly onWedged?: () => void;
  readonly wedgedMs?: number;
}

interface Execution {
  readonly id: string;
  readonly batch: string;
  readonly stop: AbortController;
}

/** A host's lanes at a queue of BullMQ. */
export class BullLanes implements Lanes {
  readonly #options: BullLanesOptions;
  readonly #backend: BullBackend;
  readonly #queue: Queue;
  /** A chunk whose lease was lost may come back while its first execution is still ending. */
  readonly #running = new Set<Execution>();
  #worker: Worker;
  #aside: NodeJS.Timeout | undefined;
  #draining = false;
  #quarantined = false;
  #lastTaken = nowMs();
  readonly #beat: NodeJS.Timeout;

  /** @param backend closed with it */
  constructor(backend: BullBackend, options: BullLanesOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#queue = backend.queue(queueName(options.note.hostClass));
    this.#queue.on("error", () => {});
    this.#worker = this.#makeWorker();
    this.#beat = setInterval(() => void this.#tick().catch(() => {}), beatMs);
    void this.#tick().catch(() => {});
  }

  get busy(): number {
    return this.#running.size;
  }

  async drain(): Promise<void> {
    this.#draining = true;
    await this.#tick().catch(() => {});
    await this.#worker.close();
    await this.#leave();
  }

  async close(): Promise<void> {
    this.#draining = true;
    for (const { stop } of this.#running) stop.abort(givenBack);
    // What runs is put back by its own lane; a queue that is away is not waited for.
    await soon(this.#worker.close()).catch(() => {});
    await this.#leave();
  }

  async #leave(): Promise<void> {
    clearInterval(this.#beat);
    clearTimeout(this.#aside);
    await this.forget().catch(() => {});
    await soon(this.#queue.close()).catch(() => {});
    await this.#backend.close();
  }

  /** Says that this worker is gone; what it has goes to others when its leases run out. */
  async forget(): Promise<void> {
    clearInterval(this.#beat);
    await this.#backend.unsay("worker", this.#options.note.id);
  }

  #makeWorker(): Worker {
    const { note, leases = defaultLeases } = this.#options;
    const worker = this.#backend.worker(
      queueName(note.hostClass),
      async (job, token, signal) => await this.#process(job, token, signal),
      {
        concurrency: note.lanes,
        lockDuration: leases.lockMs,
        stalledInterval: leases.checkMs,
        maxStalledCount: losesMost - 1,
        drainDelay: 2,
        runRetryDelay: 1000,
        name: note.id,
      },
    );
    worker.on("error", () => {});
    // Also one that was taken from hosts that died: it fails when another takes it, without a call of the work.
    worker.on("failed", (job) => {
      if (job !== undefined) void this.#dropIfCancelled(job);
    });
    worker.on("lockRenewalFailed", (ids: string[]) => {
      // Another host has it by now, or will: what is made here would be made twice.
      for (const { id, stop } of this.#running) if (ids.includes(id)) stop.abort(leaseLost);
    });
    return worker;
  }

  async #process(job: Job, token: string | undefined, signal?: AbortSignal): Promise<ChunkReport> {
    this.#lastTaken = nowMs();
    const chunk = this.#read(job);
    const { host } = this.#options.note;
    // Nobody waits for it: it is done with.
    if (await this.#isCancelled(chunk.batch)) return { root: "", host };
    // It was taken while the worker was being told to take nothing more.
    if (this.#draining) return await this.#putBack(job, token);
    if (this.#quarantined || chunk.notHosts?.includes(host) === true) {
      await job.moveToDelayed(nowMs() + notHereMs, token);
      // By this host's clock: where that is ahead, no other host would find the chunk due before its own clock is there too.
      setTimeout(() => void job.promote().catch(() => {}), promoteMs).unref();
      await this.#dropIfCancelled(job);
      // Long enough that every host that may not run it can have had it once.
      if ((await this.#waiting()) === 0) this.#standAside(notHereMs * (2 + (chunk.notHosts?.length ?? 0)));
      throw new DelayedError();
    }
    const stop = new AbortController();
    const execution: Execution = { id: chunk.id, batch: chunk.batch, stop };
    this.#running.add(execution);
    const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    try {
      return await this.#options.work(chunk, both);
    } catch (thrown) {
      const failure = asJobError(thrown, host);
      const isTriedAgain = !(failure instanceof UnrecoverableError) && job.attemptsMade + 1 < triesMost;
      if (isTriedAgain)
        await sleep(failedMs * 2 ** job.attemptsMade, undefined, { signal: both }).catch(() => {});
      const { reason } = stop.signal;
      if (reason === givenBack || reason === leaseLost) return await this.#putBack(job, token);
      if (reason === cancelled) return { root: "", host };
      throw failure;
    } finally {
      this.#running.delete(execution);
    }
  }

  /** Lets another host have it at once, whatever the clock of this one says. */
  async #putBack(job: Job, token: string | undefined): Promise<never> {
    await job.moveToWait(token);
    await this.#dropIfCancelled(job);
    throw new WaitingError();
  }

  /** Whoever cancels takes away what waits: what is put back just after that is taken away by who put it there. */
  async #dropIfCancelled(job: Job): Promise<void> {
    try {
      if (await this.#isCancelled(this.#read(job).batch)) await job.remove();
    } catch {
      // Another host has it by now, and asks the same.
    }
  }

  #read(job: Job): Chunk {
    try {
      return readChunk(job.data);
    } catch (error) {
      throw asJobError(error, this.#options.note.host);
    }
  }

  async #isCancelled(batch: string): Promise<boolean> {
    return await this.#backend.isEnded(batch);
  }

  async #tick(): Promise<void> {
    const { note, images } = this.#options;
    const own = { ...note, busy: this.busy, draining: this.#draining, images: images() };
    await this.#backend.say("worker", note.id, own);
    await this.#quarantine((await this.#backend.distrusted()).includes(note.host));
    for (const { batch, stop } of this.#running) if (await this.#isCancelled(batch)) stop.abort(cancelled);
    await this.#watch();
  }

  async #quarantine(isQuarantined: boolean): Promise<void> {
    if (isQuarantined === this.#quarantined) return;
    this.#quarantined = isQuarantined;
    // What runs goes on: whether it counts is the judgement of the run that asked for it.
    await this.#pauseOrResume();
  }

  #standAside(ms: number): void {
    clearTimeout(this.#aside);
    this.#aside = setTimeout(() => {
      this.#aside = undefined;
      void this.#pauseOrResume();
    }, ms);
    void this.#pauseOrResume();
  }

  async #pauseOrResume(): Promise<void> {
    if (this.#draining) return;
    if (this.#quarantined || this.#aside !== undefined) await this.#worker.pause(true);
    else await this.#worker.resume();
  }

  /** How many chunks any lane could take now. */
  async #waiting(): Promise<number> {
    const counts = await soon(this.#queue.getJobCounts("waiting", "prioritized"));
    return (counts["waiting"] ?? 0) + (counts["prioritized"] ?? 0);
  }

  async #watch(): Promise<void> {
    const { note, onWedged } = this.#options;
    const takesChunks = !this.#draining && this.#aside === undefined && !this.#quarantined;
    const isIdle = takesChunks && this.busy < note.lanes;
    if (!isIdle || nowMs() - this.#lastTaken < (this.#options.wedgedMs ?? wedgedMs)) return;
    const waiting = await this.#waiting();
    this.#lastTaken = nowMs();
    if (waiting === 0) return;
    onWedged?.();
    const wedged = this.#worker;
    this.#worker = this.#makeWorker();
    await soon(wedged.close(true)).catch(() => {});
  }
}

const givenBack = new SameseedError("aborted", "the host is being stopped");
const leaseLost = new SameseedError("aborted", "the lease of the chunk was lost");
const cancelled = new SameseedError("aborted", "the batch was cancelled");

/** A failure as BullMQ keeps it: a document in its text, and whether to try again. */
function asJobError(thrown: unknown, host: string): Error {
  const error = isSameseedError(thrown) ? thrown : new SameseedError("internal", toError(thrown).message);
  const text = JSON.stringify(failureOf(error, host));
  return error.kind.retryable ? new Error(text) : new UnrecoverableError(text);
}
