import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError, SameseedError, toError } from "../../base/error.ts";
import type { Chunk } from "../chunk.ts";
import {
  type BatchNote,
  type ChunkFailure,
  type ChunkState,
  type Dispatcher,
  failureOf,
  type FleetView,
  type Lanes,
  type LanesOptions,
  triesMost,
} from "./dispatcher.ts";

interface Entry {
  readonly hostClass: string;
  readonly chunk: Chunk;
  readonly priority: number;
  order: number;
  tries: number;
  /** Set while a host has it. */
  running?: AbortController;
  failure?: ChunkFailure;
}

/** How long a chunk rests that a host failed to run. */
const retryMs = 200;

/** A queue within this process: for one machine, with nothing to install. */
export class LocalDispatcher implements Dispatcher {
  readonly #entries = new Map<string, Entry>();
  readonly #cancelled = new Set<string>();
  readonly #batches = new Map<string, BatchNote>();
  readonly #lanes = new Set<LocalLanes>();
  readonly #quarantined = new Set<string>();
  readonly #listeners: ((id: string) => void)[] = [];
  #order = 1;

  async offer(hostClass: string, chunk: Chunk, priority: number): Promise<void> {
    if (this.#entries.has(chunk.id) || this.#cancelled.has(chunk.batch)) return;
    this.#entries.set(chunk.id, { hostClass, chunk, priority, order: this.#order++, tries: 0 });
    this.#wake();
  }

  async stateOf(_hostClass: string, id: string): Promise<ChunkState> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return { at: "absent" };
    if (entry.failure !== undefined) return { at: "failed", failure: entry.failure };
    return { at: entry.running === undefined ? "waiting" : "running" };
  }

  async withdraw(_hostClass: string, id: string): Promise<void> {
    if (this.#entries.get(id)?.running === undefined) this.#entries.delete(id);
  }

  async cancel(batch: string): Promise<void> {
    this.#cancelled.add(batch);
    this.#batches.delete(batch);
    for (const [id, { chunk, running }] of this.#entries) {
      if (chunk.batch !== batch) continue;
      this.#entries.delete(id);
      running?.abort();
    }
  }

  async isCancelled(batch: string): Promise<boolean> {
    return this.#cancelled.has(batch);
  }

  async note(batch: BatchNote): Promise<void> {
    this.#batches.set(batch.id, batch);
  }

  async forget(batch: string): Promise<void> {
    this.#batches.delete(batch);
  }

  async view(): Promise<FleetView> {
    const queues: Record<string, { waiting: number; running: number }> = {};
    for (const { hostClass, running, failure } of this.#entries.values()) {
      if (failure !== undefined) continue;
      const own = (queues[hostClass] ??= { waiting: 0, running: 0 });
      if (running === undefined) own.waiting++;
      else own.running++;
    }
    return {
      workers: [...this.#lanes].map((lanes) => lanes.note()),
      batches: [...this.#batches.values()],
      queues,
      quarantined: [...this.#quarantined],
    };
  }

  async quarantine(host: string): Promise<void> {
    this.#quarantined.add(host);
  }

  async release(host: string): Promise<void> {
    this.#quarantined.delete(host);
    this.#wake();
  }

  onEnd(listener: (id: string) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lanes].map(async (lanes) => await lanes.close()));
  }

  /** Takes chunks for a host of this process. */
  serve(options: LanesOptions): Lanes {
    const lanes = new LocalLanes(options, {
      take: () => this.#take(options.note.host, options.note.hostClass),
      settle: (entry, result) => this.#settle(entry, result, options.note.host),
      leave: () => this.#lanes.delete(lanes),
    });
    this.#lanes.add(lanes);
    lanes.wake();
    return lanes;
  }

  #take(host: string, hostClass: string): Entry | undefined {
    if (this.#quarantined.has(host)) return undefined;
    let best: Entry | undefined;
    for (const entry of this.#entries.values()) {
      const { chunk, priority, order } = entry;
      if (entry.hostClass !== hostClass || entry.running !== undefined || entry.failure !== undefined)
        continue;
      if (chunk.notHosts?.includes(host) === true) continue;
      if (
        best === undefined ||
        priority < best.priority ||
        (priority === best.priority && order < best.order)
      )
        best = entry;
    }
    if (best !== undefined) best.running = new AbortController();
    return best;
  }

  #settle(entry: Entry, result: "done" | "given back" | SameseedError, host: string): void {
    const { id, batch } = entry.chunk;
    delete entry.running;
    if (this.#cancelled.has(batch)) return;
    if (result === "done") this.#entries.delete(id);
    else if (result === "given back") entry.order = 0;
    else if (!result.kind.retryable || ++entry.tries >= triesMost) entry.failure = failureOf(result, host);
    if (result === "done" || entry.failure !== undefined) for (const tell of this.#listeners) tell(id);
    this.#wake();
  }

  #wake(): void {
    for (const lanes of this.#lanes) lanes.wake();
  }
}

interface Source {
  take(): Entry | undefined;
  settle(entry: Entry, result: "done" | "given back" | SameseedError): void;
  leave(): void;
}

class LocalLanes implements Lanes {
  readonly #options: LanesOptions;
  readonly #source: Source;
  readonly #running = new Map<Entry, Promise<void>>();
  #draining = false;
  #closed = false;

  constructor(options: LanesOptions, source: Source) {
    this.#options = options;
    this.#source = source;
  }

  get busy(): number {
    return this.#running.size;
  }

  note(): FleetView["workers"][number] {
    const { note, images } = this.#options;
    return { ...note, busy: this.busy, draining: this.#draining, images: images() };
  }

  wake(): void {
    while (!this.#draining && this.#running.size < this.#options.note.lanes) {
      const entry = this.#source.take();
      if (entry === undefined) return;
      this.#running.set(entry, this.#run(entry));
    }
  }

  async drain(): Promise<void> {
    this.#draining = true;
    await Promise.all(this.#running.values());
    this.#source.leave();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { running } of this.#running.keys()) running?.abort();
    await this.drain();
  }

  async #run(entry: Entry): Promise<void> {
    const { signal } = entry.running!;
    let result: "done" | "given back" | SameseedError = "done";
    try {
      await this.#options.work(entry.chunk, signal);
    } catch (thrown) {
      const error = isSameseedError(thrown)
        ? thrown
        : new SameseedError("internal", toError(thrown).message, { cause: thrown });
      result = this.#closed ? "given back" : error;
      if (result !== "given back" && error.kind.retryable) await sleep(retryMs);
    }
    this.#running.delete(entry);
    this.#source.settle(entry, result);
    this.wake();
  }
}
