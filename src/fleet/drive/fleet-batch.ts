// Theory of operation. A batch is the seeds of one call. Few of its chunks are in the queue at any time: three for each lane of
// the fleet, of which batches have their shares by weight. So batches interleave, cancelling takes little back, and a queue
// that is lost loses little. What is done is what has a record in the store; the queue's news only say when to look, and the
// queue is spoken to beside the loop, so that one that is away keeps no result waiting. Where a host is found out of which
// rollouts were taken, whoever found it, the batch ends and says so: what it gave cannot be taken back one by one.

import { setTimeout as sleep } from "node:timers/promises";

import { SameseedError } from "../../base/error.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { seedsOf } from "../chunk.ts";
import { type ChunkRecord, readRecord, recordsFolder } from "../commit.ts";
import type { ChunkFailure, Dispatcher, FleetView } from "../queue/dispatcher.ts";
import { Audits, isAudit } from "./audits.ts";
import { lostSeeds, takenFrom, unaccountedSeeds, unrecordedSeeds } from "./batch-errors.ts";
import { type BatchKind, type ChunkContents, isRefusal } from "./batch-kind.ts";
import { BatchPlan, type Offered } from "./batch-plan.ts";
import { Beside } from "./beside.ts";
import { ChunkSizes } from "./chunk-sizes.ts";
import { Outlook } from "./outlook.ts";
import { Pursuit } from "./pursuit.ts";

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
  /** Told of what no host could do. @default that ends the batch, when all others are done */
  readonly onLost?: (lost: ReadonlyMap<number, ChunkFailure>) => void;
}

/** How often the fleet is looked at and the store asked for a chunk, and how soon again where an audit ended. */
const [lookMs, soonMs] = [1_000, 200];
/** How often what is in the store for a chunk may be refused. */
const damagesMost = 3;

/** The rollouts of one call, or whatever else its chunks hold, from the store and from the fleet. */
export class FleetBatch<T> {
  readonly #setting: BatchSetting;
  readonly #kind: BatchKind<T>;
  readonly #wanted: Set<number>;
  readonly #total: number;
  readonly #outlook: Outlook;
  readonly #audits: Audits;
  readonly #beside = new Beside();
  readonly #sizes = new ChunkSizes();
  readonly #news = new Set<string>();
  readonly #damages = new Map<string, number>();
  /** Hosts whose rollouts were handed on. */
  readonly #takenFrom = new Set<string>();
  #plan: BatchPlan;
  #pursuit: Pursuit;
  #numbers: string | undefined;
  #lookedAt = 0;
  #lookAgainMs = lookMs;
  #wake: () => void = () => {};

  constructor(setting: BatchSetting, kind: BatchKind<T>, seeds: Iterable<number>) {
    this.#setting = setting;
    this.#kind = kind;
    this.#outlook = new Outlook(setting);
    this.#audits = new Audits({ ...setting, ...kind });
    this.#wanted = new Set(seeds);
    this.#total = this.#wanted.size;
    this.#plan = new BatchPlan(setting.id, setting.spec, []);
    this.#pursuit = new Pursuit(setting, this.#plan, this.#outlook);
  }

  /** Yields what comes of every seed once, as its chunk is done. */
  async *run(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const { id, spec, dispatcher, store } = this.#setting;
    await this.#outlook.lookWhoIsOut();
    this.#look();
    yield* this.#fromStore(signal);
    if (this.#setting.storedOnly === true && this.#wanted.size > 0) throw unrecordedSeeds([...this.#wanted]);
    this.#plan = new BatchPlan(id, spec, this.#wanted);
    this.#pursuit = new Pursuit(this.#setting, this.#plan, this.#outlook);
    dispatcher.onEnd((chunk) => {
      if (isAudit(chunk)) this.#lookAgainMs = soonMs;
      else this.#news.add(chunk);
      this.#wake();
    });
    while (!this.#plan.isDone || !this.#audits.isDone) {
      throwIfAborted(signal);
      this.#beside.check();
      if (performance.now() - this.#lookedAt >= this.#lookAgainMs) this.#look();
      this.#beside.begin("offer", async () => await this.#offerMore());
      await this.#rest(signal);
      for (const offered of this.#toLookAt()) {
        const record = await readRecord(store, offered.record);
        if (record === undefined)
          this.#beside.begin(offered.key, async () => await this.#pursuit.chase(offered));
        else yield* this.#take(offered, record);
      }
    }
    this.#beside.check();
    this.#audits.sayGiven();
    await this.#outlook.lookWhoIsOut();
    this.#refuseWhoIsOut();
    this.#giveUp();
    if (this.#wanted.size > 0) throw unaccountedSeeds([...this.#wanted]);
  }

  /** @throws `sandbox_failed` where seeds came to nothing, and nobody wants to hear of each */
  #giveUp(): void {
    const { poison } = this.#pursuit;
    const { onLost } = this.#setting;
    if (poison.size > 0 && onLost === undefined) throw lostSeeds(poison);
    onLost?.(poison);
    for (const seed of poison.keys()) this.#wanted.delete(seed);
  }

  /** What an earlier call of the same spec, or another one, has left. */
  async *#fromStore(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const { store, spec, onNote } = this.#setting;
    let found = 0;
    for await (const key of store.list(recordsFolder(spec))) {
      throwIfAborted(signal);
      this.#beside.check();
      if (performance.now() - this.#lookedAt >= this.#lookAgainMs) this.#look();
      const record = await readRecord(store, key);
      if (record === undefined || !(await this.#counts(record, key))) continue;
      if (![...seedsOf(record.seeds)].some((seed) => this.#wanted.has(seed))) continue;
      using rollouts = await this.#read(record, key);
      if (rollouts !== undefined) await this.#audits.consider(record, this.#outlook.quarantined);
      for (const rollout of rollouts ?? []) {
        if (!this.#wanted.delete(this.#kind.seedOf(rollout))) continue;
        found++;
        this.#takenFrom.add(record.host);
        yield rollout;
      }
    }
    if (found > 0) onNote(`${found} of ${this.#total} rollouts were in the fleet's store`);
  }

  /** Looks at the fleet, beside the loop. */
  #look(): void {
    this.#lookedAt = performance.now();
    this.#lookAgainMs = lookMs;
    this.#beside.begin("look", async () => {
      const view = await this.#outlook.look(this.#total - this.#wanted.size, this.#total);
      this.#refuseWhoIsOut();
      if (view === undefined) return;
      this.#setting.onView(view);
      const { hosts, quarantined, window } = this.#outlook;
      await this.#audits.look(hosts, quarantined, window);
    });
  }

  /** @throws `fleet_disagrees` where rollouts were handed on of a host that is out */
  #refuseWhoIsOut(): void {
    for (const host of this.#takenFrom) if (this.#outlook.quarantined.has(host)) throw takenFrom(host);
  }

  /** Offers what the window has room for. */
  async #offerMore(): Promise<void> {
    const plan = this.#plan;
    while (plan.offered.size < this.#outlook.window && !this.#outlook.isAway) {
      const offered = plan.next(this.#sizes.next(plan.left, this.#outlook.lanes), performance.now());
      if (offered === undefined) return;
      try {
        await this.#pursuit.offer(offered, offered.chunk.id, "run");
      } catch (error) {
        // What does not reach the queue is chased as what the queue has lost.
        this.#outlook.overlook(error);
      }
    }
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
      if (isNews) this.#pursuit.hurry(offered);
      due.push(offered);
    }
    this.#news.clear();
    return due;
  }

  async *#take(offered: Offered, record: ChunkRecord): AsyncGenerator<T, void, undefined> {
    const counts = await this.#counts(record, offered.record);
    using rollouts = counts ? await this.#read(record, offered.record) : undefined;
    if (rollouts === undefined) {
      this.#pursuit.hurry(offered);
      return;
    }
    this.#plan.offered.delete(offered.key);
    this.#sizes.learn({ rollouts: rollouts.count, wallMs: record.wallMs, bytes: record.pack.bytes });
    this.#pursuit.done(offered, record.host);
    await this.#audits.consider(record, this.#outlook.quarantined);
    this.#takenFrom.add(record.host);
    for (const rollout of rollouts) if (this.#wanted.delete(this.#kind.seedOf(rollout))) yield rollout;
  }

  /** What a host made that was found out does not count: its record goes, so that another makes it. */
  async #counts({ host }: ChunkRecord, key: string): Promise<boolean> {
    if (!this.#outlook.quarantined.has(host)) return true;
    await this.#setting.store.delete(key);
    return false;
  }

  /** Undefined where what is there cannot be taken; then its record is gone, so that it is made again. */
  async #read(record: ChunkRecord, key: string): Promise<ChunkContents<T> | undefined> {
    const { store, onNote } = this.#setting;
    let rollouts: ChunkContents<T>;
    try {
      rollouts = await this.#kind.read(store, record, key);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // Whatever comes of this call, no later one is to find it.
      await store.delete(key);
      const times = (this.#damages.get(key) ?? 0) + 1;
      this.#damages.set(key, times);
      if (times > damagesMost) throw error;
      onNote(`${error.message} (host ${record.host}); it is run again`);
      // Bytes may be lost on their way. What no host of this version writes is its host's.
      if (error.code === "protocol_broken") this.#outlook.leaveOut(record.host, error.message);
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
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new SameseedError("aborted", "the call was aborted");
}
