// Theory of operation. A batch is the seeds of one call. Few of its chunks are in the queue at any time: three for each lane of
// the fleet, of which batches have their shares by weight. So batches interleave, cancelling takes little back, and a queue
// that is lost loses little. What is done is what has a record in the store; the queue's news only say when to look. A chunk
// that the queue lost is offered again, one that lost its hosts is cut in two until a single rollout is to blame, and one that
// takes much longer than the others while lanes are free is offered a second time: the first record wins.

import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { halves, seedCount, seedsOf } from "../chunk.ts";
import { type ChunkRecord, readRecord, recordsFolder } from "../commit.ts";
import type { ChunkFailure, Dispatcher, FleetView } from "../queue/dispatcher.ts";
import { Audits } from "./audits.ts";
import { BatchPlan, type Offered } from "./batch-plan.ts";
import { ChunkSizes } from "./chunk-sizes.ts";
import { errorOf, lostSeeds, unaccountedSeeds, unrecordedSeeds } from "./batch-errors.ts";
import { Outlook } from "./outlook.ts";
import { readChunkRollouts } from "./read-chunk-rollouts.ts";

/** What a batch runs with. */
export interface BatchSetting {
  readonly id: string;
  readonly title: string;
  readonly spec: string;
  readonly hostClass: string;
  readonly store: ObjectStore;
  readonly dispatcher: Dispatcher;
  readonly weight: number;
  readonly priority: number;
  /** Told each look at the fleet. */
  readonly onView: (view: FleetView) => void;
  /** Puts the image into the store, where a host says that it lacks it. */
  readonly supplyImage: () => Promise<void>;
  readonly onNote: (line: string) => void;
  /** How many of its chunks run a second time on another host: 0 to 1. */
  readonly share: number;
  /** Whether nothing is run that has no record: what is there is only taken, and audited. @default false */
  readonly storedOnly?: boolean;
}

/** How often the fleet is looked at and the store asked for a chunk, and the queue for one that takes long. */
const [lookMs, chaseMs] = [1_000, 3_000];
/** How often one rollout may be tried that loses its hosts, in chunks of its own. */
const alonesMost = 2;
/** How often a pack may be damaged. */
const damagesMost = 3;

/** The rollouts of one call, from the store and from the fleet. */
export class FleetBatch {
  readonly #setting: BatchSetting;
  readonly #wanted: Set<number>;
  readonly #total: number;
  readonly #outlook: Outlook;
  readonly #audits: Audits;
  readonly #sizes = new ChunkSizes();
  readonly #walls: number[] = [];
  readonly #news = new Set<string>();
  readonly #damages = new Map<string, number>();
  readonly #poison = new Map<number, ChunkFailure>();
  #plan: BatchPlan;
  #numbers: string | undefined;
  #beatAt = 0;
  #filling: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(setting: BatchSetting, seeds: Iterable<number>) {
    this.#setting = setting;
    this.#outlook = new Outlook(setting);
    this.#audits = new Audits(setting);
    this.#wanted = new Set(seeds);
    this.#total = this.#wanted.size;
    this.#plan = new BatchPlan(setting.id, setting.spec, []);
  }

  /** Yields every rollout once, as its chunk is done. */
  async *run(signal: AbortSignal): AsyncGenerator<RecordedRollout, void, undefined> {
    await this.#beat();
    yield* this.#fromStore(signal);
    if (this.#setting.storedOnly === true && this.#wanted.size > 0) throw unrecordedSeeds([...this.#wanted]);
    this.#plan = new BatchPlan(this.#setting.id, this.#setting.spec, this.#wanted);
    this.#setting.dispatcher.onEnd((id) => {
      this.#news.add(id);
      this.#wake();
    });
    while (!this.#plan.isDone || !this.#audits.isDone) {
      throwIfAborted(signal);
      if (performance.now() - this.#beatAt >= lookMs) await this.#beat();
      this.#fill();
      await this.#rest(signal);
      for (const offered of this.#toLookAt()) {
        const record = await readRecord(this.#setting.store, offered.record);
        if (record === undefined) await this.#chase(offered);
        else yield* this.#take(offered, record);
      }
    }
    if (this.#poison.size > 0) throw lostSeeds(this.#poison);
    if (this.#wanted.size > 0) throw unaccountedSeeds([...this.#wanted]);
  }

  /** What an earlier call of the same spec, or another one, has left. */
  async *#fromStore(signal: AbortSignal): AsyncGenerator<RecordedRollout, void, undefined> {
    const { store, spec, onNote } = this.#setting;
    let found = 0;
    for await (const key of store.list(recordsFolder(spec))) {
      throwIfAborted(signal);
      const record = await readRecord(store, key);
      if (record === undefined || !(await this.#counts(record, key))) continue;
      if (![...seedsOf(record.seeds)].some((seed) => this.#wanted.has(seed))) continue;
      const rollouts = await this.#read(record, key);
      if (rollouts !== undefined) this.#audits.consider(record);
      for (const rollout of rollouts ?? []) {
        if (!this.#wanted.delete(rollout.summary.seed)) continue;
        found++;
        yield rollout;
      }
    }
    if (found > 0) onNote(`${found} of ${this.#total} rollouts were in the fleet's store`);
  }

  async #beat(): Promise<void> {
    this.#beatAt = performance.now();
    const view = await this.#outlook.look(this.#total - this.#wanted.size, this.#total);
    if (view === undefined) return;
    this.#setting.onView(view);
    await this.#audits.look(view);
  }

  /** Offers what the window has room for, beside the loop: a queue that is away must not keep results waiting. */
  #fill(): void {
    if (this.#filling !== undefined) return;
    this.#filling = this.#offerMore()
      .catch(() => {})
      .finally(() => (this.#filling = undefined));
  }

  async #offerMore(): Promise<void> {
    const plan = this.#plan;
    while (plan.offered.size < this.#outlook.window) {
      const offered = plan.next(this.#sizes.next(plan.left, this.#outlook.lanes), performance.now());
      if (offered === undefined) return;
      // What does not reach the queue is chased as what the queue has lost.
      await this.#offer(offered, offered.chunk.id, "run");
    }
  }

  async #offer({ chunk }: Offered, id: string, purpose: "run" | "hedge"): Promise<void> {
    const { dispatcher, hostClass, priority } = this.#setting;
    await dispatcher.offer(hostClass, { ...chunk, id, purpose }, priority);
  }

  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#news.size > 0) return;
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    await Promise.race([woken, sleep(200, undefined, { signal: either }).catch(() => {})]);
    stop.abort();
  }

  #toLookAt(): Offered[] {
    const now = performance.now();
    const due: Offered[] = [];
    for (const offered of this.#plan.offered.values()) {
      const isNews = offered.ids.some((id) => this.#news.has(id));
      if (!isNews && now - offered.lookedAt < lookMs) continue;
      offered.lookedAt = now;
      // What ended without a record has failed: the queue knows why.
      if (isNews) offered.chasedAt = -chaseMs;
      due.push(offered);
    }
    this.#news.clear();
    return due;
  }

  async *#take(offered: Offered, record: ChunkRecord): AsyncGenerator<RecordedRollout, void, undefined> {
    const counts = await this.#counts(record, offered.record);
    const rollouts = counts ? await this.#read(record, offered.record) : undefined;
    if (rollouts === undefined) {
      offered.chasedAt = -chaseMs;
      return;
    }
    this.#plan.offered.delete(offered.key);
    this.#sizes.learn({ rollouts: rollouts.length, wallMs: record.wallMs, bytes: record.pack.bytes });
    this.#walls.push(performance.now() - offered.offeredAt);
    if (this.#walls.length > 200) this.#walls.shift();
    this.#audits.consider(record);
    for (const rollout of rollouts) if (this.#wanted.delete(rollout.summary.seed)) yield rollout;
  }

  /** What a host made that was found out does not count: its record goes, so that another makes it. */
  async #counts({ host }: ChunkRecord, key: string): Promise<boolean> {
    if (!this.#outlook.quarantined.has(host)) return true;
    await this.#setting.store.delete(key);
    return false;
  }

  /** Undefined where the pack is damaged; then its record is gone, so that it is made again. */
  async #read(record: ChunkRecord, key: string): Promise<RecordedRollout[] | undefined> {
    const { store, onNote } = this.#setting;
    let rollouts: RecordedRollout[];
    try {
      rollouts = await readChunkRollouts(store, record, key);
    } catch (error) {
      if (!isSameseedError(error) || error.code !== "run_damaged") throw error;
      const times = (this.#damages.get(key) ?? 0) + 1;
      this.#damages.set(key, times);
      if (times > damagesMost) throw error;
      onNote(`${error.message} (host ${record.host}); it is run again`);
      await store.delete(key);
      return undefined;
    }
    this.#numbers ??= record.numbers;
    if (record.numbers !== this.#numbers)
      throw new SameseedError(
        "fleet_disagrees",
        `hosts of this fleet are of two classes for this image: ${this.#numbers} and ${record.numbers}`,
        {
          hint: "`sameseed doctor` on each host says what of the sealed world does not hold there",
        },
      );
    return rollouts;
  }

  /** Asks the queue for a chunk that takes long. */
  async #chase(offered: Offered): Promise<void> {
    const now = performance.now();
    if (now - offered.chasedAt < chaseMs) return;
    offered.chasedAt = now;
    const { dispatcher, hostClass, store } = this.#setting;
    try {
      const state = await dispatcher.stateOf(hostClass, offered.chunk.id);
      if (state.at === "failed") await this.#failed(offered, state.failure);
      else if (state.at === "absent") {
        // It may have been done between the two questions.
        if ((await readRecord(store, offered.record)) === undefined)
          await this.#offer(offered, offered.chunk.id, "run");
        else offered.lookedAt = 0;
      } else if (state.at === "running") await this.#hedge(offered, now);
    } catch (error) {
      this.#outlook.overlook(error);
    }
  }

  /** Offers a straggler a second time, where lanes are free and it takes twice as long as nearly all others. */
  async #hedge(offered: Offered, now: number): Promise<void> {
    if (!this.#outlook.isIdle || offered.ids.length > 1 || this.#plan.left > 0 || this.#walls.length < 3)
      return;
    const sorted = this.#walls.toSorted((a, b) => a - b);
    const usual = sorted[Math.floor(0.95 * (sorted.length - 1))]!;
    if (now - offered.offeredAt < Math.max(2 * usual, chaseMs)) return;
    const id = `${offered.chunk.id}.h`;
    offered.ids.push(id);
    await this.#offer(offered, id, "hedge");
  }

  async #failed(offered: Offered, failure: ChunkFailure): Promise<void> {
    const { dispatcher, hostClass, supplyImage } = this.#setting;
    const { chunk, key, lost } = offered;
    if (failure.kind === "refused") throw errorOf(failure);
    await dispatcher.withdraw(hostClass, chunk.id);
    this.#plan.offered.delete(key);
    if (lacksImage(failure)) {
      await supplyImage();
      this.#plan.again(chunk.seeds, lost);
      return;
    }
    const parts = halves(chunk.seeds);
    if (parts !== undefined) for (const part of parts) this.#plan.again(part, 0);
    else if (lost + 1 < alonesMost) this.#plan.again(chunk.seeds, lost + 1);
    else await this.#givenUp(chunk.seeds[0]![0], failure);
    this.#setting.onNote(
      `a chunk of ${seedCount(chunk.seeds)} rollouts ${failure.kind === "lost" ? "lost its hosts" : "failed on its hosts"}`,
    );
  }

  async #givenUp(seed: number, failure: ChunkFailure): Promise<void> {
    const { store, spec } = this.#setting;
    this.#poison.set(seed, failure);
    await store.put(`poison/${spec}/${seed}.json`, Buffer.from(JSON.stringify({ format: 1, seed, failure })));
  }
}

function lacksImage({ error }: ChunkFailure): boolean {
  const context = error?.["context"];
  return typeof context === "object" && context !== null && "image" in context;
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new SameseedError("aborted", "the call was aborted");
}
