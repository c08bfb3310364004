// Theory of operation. A chunk whose record does not come is asked for at the queue. What the queue lost is offered again. What
// lost its hosts is cut in two, until a single rollout is to blame. What failed on a host goes to another one first, since the
// host may be at fault; a host is left out where it refuses what nobody else does, or where others did twice what it could not.
// What takes twice as long as nearly all others while lanes are free is offered a second time: the first record counts.

import { halves, notOn, seedCount } from "../chunk.ts";
import { readRecord } from "../commit.ts";
import type { ChunkFailure } from "../queue/dispatcher.ts";
import { errorOf } from "./batch-errors.ts";
import type { BatchPlan, Offered } from "./batch-plan.ts";
import type { BatchSetting } from "./fleet-batch.ts";
import type { Outlook } from "./outlook.ts";

/** How often the queue is asked for a chunk that takes long. */
const chaseMs = 3_000;
/** How often one rollout may be tried that loses its hosts, in chunks of its own. */
const alonesMost = 2;
/** How many hosts may refuse a chunk before it is believed that none can run it. */
const refusalsMost = 3;
/** How often others may do what a host could not before it is left out. */
const blameMost = 2;

/** What comes of chunks that do not come back. */
export class Pursuit {
  readonly #setting: BatchSetting;
  readonly #plan: BatchPlan;
  readonly #outlook: Outlook;
  readonly #walls: number[] = [];
  readonly #blame = new Map<string, number>();
  /** Rollouts that no host could run. */
  readonly poison: Map<number, ChunkFailure> = new Map();

  constructor(setting: BatchSetting, plan: BatchPlan, outlook: Outlook) {
    this.#setting = setting;
    this.#plan = plan;
    this.#outlook = outlook;
  }

  /** A chunk ended without a record: the queue knows why, and is asked at once. */
  hurry(offered: Offered): void {
    offered.chasedAt = -chaseMs;
  }

  /** A chunk was done by a host. */
  done({ offeredAt, failedOn }: Offered, host: string): void {
    this.#walls.push(performance.now() - offeredAt);
    if (this.#walls.length > 200) this.#walls.shift();
    for (const other of failedOn)
      if (other !== host) {
        const blame = (this.#blame.get(other) ?? 0) + 1;
        this.#blame.set(other, blame);
        if (blame === blameMost) this.#outlook.leaveOut(other, "others ran what it could not");
      }
  }

  /** Puts a chunk into the queue. */
  async offer({ chunk, failedOn }: Offered, id: string, purpose: "run" | "hedge"): Promise<void> {
    const { dispatcher, hostClass, priority } = this.#setting;
    // Where all others are gone, a host that failed is better than none.
    const not = this.#outlook.without(failedOn);
    const others = this.#hasOther(failedOn);
    await dispatcher.offer(hostClass, notOn({ ...chunk, id, purpose }, others ? not : []), priority);
  }

  /** Asks the queue for a chunk that takes long. @throws what ends the batch */
  async chase(offered: Offered): Promise<void> {
    const now = performance.now();
    if (this.#outlook.isAway || now - offered.chasedAt < chaseMs || !this.#plan.has(offered)) return;
    offered.chasedAt = now;
    const { dispatcher, hostClass, store } = this.#setting;
    try {
      const state = await dispatcher.stateOf(hostClass, offered.chunk.id);
      if (!this.#plan.has(offered)) return;
      if (state.at === "failed") await this.#failed(offered, state.failure);
      else if (state.at === "absent") {
        // It may have been done between the two questions.
        if ((await readRecord(store, offered.record)) === undefined)
          await this.offer(offered, offered.chunk.id, "run");
        else offered.lookedAt = 0;
      } else if (state.at === "running") await this.#hedge(offered, now);
    } catch (error) {
      this.#outlook.overlook(error);
    }
  }

  async #hedge(offered: Offered, now: number): Promise<void> {
    if (!this.#outlook.isIdle || offered.ids.length > 1 || this.#plan.left > 0 || this.#walls.length < 3)
      return;
    const sorted = this.#walls.toSorted((a, b) => a - b);
    const usual = sorted[Math.floor(0.95 * (sorted.length - 1))]!;
    if (now - offered.offeredAt < Math.max(2 * usual, chaseMs)) return;
    const id = `${offered.chunk.id}.h`;
    offered.ids.push(id);
    await this.offer(offered, id, "hedge");
  }

  async #failed(offered: Offered, failure: ChunkFailure): Promise<void> {
    const { dispatcher, hostClass, supplyImage, onNote } = this.#setting;
    const { chunk, lost } = offered;
    if (failure.kind === "refused") this.#refused(offered, failure);
    await dispatcher.withdraw(hostClass, chunk.id);
    if (lacksImage(failure)) {
      await supplyImage();
      this.#plan.again(offered, [chunk.seeds], offered);
      return;
    }
    const { host } = failure;
    const failedOn = host === undefined ? offered.failedOn : [...offered.failedOn, host];
    const parts = halves(chunk.seeds);
    if (failure.kind === "refused") this.#plan.again(offered, [chunk.seeds], { failedOn });
    else if (offered.failedOn.length === 0 && failedOn.length > 0 && this.#hasOther(failedOn))
      this.#plan.again(offered, [chunk.seeds], { lost, failedOn });
    else if (parts !== undefined) this.#plan.again(offered, parts);
    else if (lost + 1 < alonesMost) this.#plan.again(offered, [chunk.seeds], { lost: lost + 1 });
    else await this.#givenUp(offered, chunk.seeds[0]![0], failure);
    onNote(
      `a chunk of ${seedCount(chunk.seeds)} rollouts ${failure.kind === "lost" ? "lost its hosts" : `failed on ${host ?? "its hosts"}`}`,
    );
  }

  /** @throws what the host said, where another host would say the same */
  #refused({ failedOn }: Offered, failure: ChunkFailure): void {
    const { host } = failure;
    const error = errorOf(failure);
    const isCallers = error.kind.exitCode === 2;
    const refusals = host === undefined ? failedOn : [...failedOn, host];
    if (isCallers || host === undefined || refusals.length >= refusalsMost || !this.#hasOther(refusals))
      throw error;
    this.#outlook.leaveOut(host, error.message);
  }

  #hasOther(not: readonly string[]): boolean {
    const without = this.#outlook.without(not);
    return [...this.#outlook.hosts].some((host) => !without.has(host));
  }

  async #givenUp(offered: Offered, seed: number, failure: ChunkFailure): Promise<void> {
    const { store, spec } = this.#setting;
    await store.put(`poison/${spec}/${seed}.json`, Buffer.from(JSON.stringify({ format: 1, seed, failure })));
    this.poison.set(seed, failure);
    this.#plan.again(offered, []);
  }
}

function lacksImage({ error }: ChunkFailure): boolean {
  const context = error?.["context"];
  return typeof context === "object" && context !== null && "image" in context;
}
