import { SameseedError } from "../../base/error.ts";
import type { Slot } from "./slot.ts";
import type { ZygoteProcess } from "./zygote-process.ts";
import { linksMax } from "./wire.ts";

/*
 * Slots are made when they are first needed and then kept: a slot costs a fork and a place in a control group, an idle
 * one a few pages. A group of linked sandboxes needs all its slots at once and from one zygote; it takes them in one
 * step or waits, in the order of the calls, so that two groups can never hold half of each other's.
 */

interface Waiter {
  readonly count: number;
  readonly resolve: (lease: SlotLease) => void;
  readonly reject: (error: unknown) => void;
}

/** Slots that one caller has for one group of sandboxes. */
export interface SlotLease {
  readonly zygote: ZygoteProcess;
  readonly slots: readonly Slot[];
}

/** Starts a zygote with at most this many slots. */
export type ZygoteStarter = (slots: number) => Promise<ZygoteProcess>;

const firstZygoteSlots = 32;
const laterZygoteSlots = 64;

interface Member {
  readonly zygote: ZygoteProcess;
  readonly idle: Slot[];
}

/** Hands out slots of as many zygotes as the demand needs. */
export class SlotPool {
  readonly #start: ZygoteStarter;
  readonly #slotsMost: number;
  readonly #members: Member[] = [];
  readonly #waiters: Waiter[] = [];
  #slots = 0;
  #working = false;
  /** Whether something changed since the waiters were last looked at. */
  #changed = false;
  #closed = false;

  /**
   * @param slotsMost slots over all zygotes; callers beyond it wait
   */
  constructor(start: ZygoteStarter, slotsMost: number) {
    this.#start = start;
    this.#slotsMost = slotsMost;
  }

  /** Waits for that many slots of one zygote. Each must be given back with {@link release}. */
  async lease(count: number, signal?: AbortSignal): Promise<SlotLease> {
    if (count < 1 || count > linksMax + 1)
      throw new SameseedError("internal", `a group of ${count} sandboxes`);
    const waiting = Promise.withResolvers<SlotLease>();
    const waiter: Waiter = { count, resolve: waiting.resolve, reject: waiting.reject };
    const abort = (): void => {
      const at = this.#waiters.indexOf(waiter);
      if (at >= 0) this.#waiters.splice(at, 1);
      waiting.reject(new SameseedError("aborted", "the call was aborted while it waited for a free slot"));
    };
    if (signal?.aborted === true) abort();
    else {
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.push(waiter);
      void this.#serve();
    }
    try {
      return await waiting.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Gives slots back. */
  release(lease: SlotLease): void {
    this.#takeBack(lease);
    void this.#serve();
  }

  /** Makes slots ahead of need. */
  async warm(count: number): Promise<void> {
    const leases: SlotLease[] = [];
    try {
      for (let made = 0; made < count; made++) leases.push(await this.lease(1));
    } finally {
      for (const lease of leases) this.release(lease);
    }
  }

  /** The zygotes that stand. */
  get zygotes(): readonly ZygoteProcess[] {
    return this.#members.map(({ zygote }) => zygote);
  }

  /** Ends every zygote; waiting callers are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const refusal = new SameseedError("sandbox_closed", "the sandbox host was closed");
    for (const waiter of this.#waiters.splice(0)) waiter.reject(refusal);
    await Promise.all(this.#members.splice(0).map(({ zygote }) => zygote.close()));
  }

  /** Looks at the waiters until nothing changes any more while it looks. */
  async #serve(): Promise<void> {
    this.#changed = true;
    if (this.#working) return;
    this.#working = true;
    while (this.#changed) {
      this.#changed = false;
      await this.#serveWaiters();
    }
    this.#working = false;
  }

  /** Serves waiters in order until the first that has to wait for a release. */
  async #serveWaiters(): Promise<void> {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      let lease: SlotLease | undefined;
      try {
        lease = await this.#find(waiter.count);
      } catch (error) {
        // Aborted while its slots were made, it has been told, and nobody else asked for these.
        if (this.#waiters[0] === waiter) this.#waiters.shift()!.reject(error);
        this.#changed = true;
        return;
      }
      if (lease === undefined) return;
      if (this.#waiters[0] === waiter) {
        this.#waiters.shift();
        waiter.resolve(lease);
      } else {
        this.#takeBack(lease); // aborted while its slots were made
      }
    }
  }

  #takeBack(lease: SlotLease): void {
    const member = this.#members.find(({ zygote }) => zygote === lease.zygote);
    for (const slot of lease.slots) {
      if (slot.usable && member !== undefined) member.idle.push(slot);
      else this.#slots--;
    }
  }

  async #find(count: number): Promise<SlotLease | undefined> {
    this.#dropDead();
    const ready = this.#members.find(({ idle }) => idle.length >= count);
    if (ready !== undefined) return { zygote: ready.zygote, slots: ready.idle.splice(-count).toReversed() };
    // With nothing leased nobody would ever give back: idle slots spread over zygotes must not stop a group.
    if (this.#leased > 0 && this.#slots + count > this.#slotsMost) return undefined;
    const growing = this.#members.find(({ zygote }) => zygote.hasRoom) ?? (await this.#addZygote());
    growing.idle.push(await growing.zygote.newSlot());
    this.#slots++;
    return this.#find(count);
  }

  async #addZygote(): Promise<Member> {
    const slots = Math.min(this.#slotsMost, this.#members.length === 0 ? firstZygoteSlots : laterZygoteSlots);
    const member: Member = { zygote: await this.#start(slots), idle: [] };
    if (this.#closed) {
      await member.zygote.close();
      throw new SameseedError("sandbox_closed", "the sandbox host was closed");
    }
    this.#members.push(member);
    return member;
  }

  get #leased(): number {
    return this.#members.reduce((slots, { idle }) => slots - idle.length, this.#slots);
  }

  /**
   * Counts out idle slots that died, and zygotes that are dead or have lost every slot they may have. Leased slots of
   * theirs are counted out when they come back.
   */
  #dropDead(): void {
    for (const member of this.#members.slice()) {
      const usable = member.idle.filter((slot) => slot.usable);
      this.#slots -= member.idle.length - usable.length;
      member.idle.splice(0, member.idle.length, ...usable);
      const { zygote } = member;
      if (zygote.alive && (zygote.hasRoom || zygote.hasSlots)) continue;
      this.#slots -= usable.length;
      this.#members.splice(this.#members.indexOf(member), 1);
      void zygote.close();
    }
  }
}
