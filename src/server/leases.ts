/*
 * Theory of operation. Whatever a client opens is owned by a lease, and a lease lives for as long as it is heard of: a
 * heartbeat, any request that names it or something it owns, or a WebSocket that answers pings. When its time is over,
 * everything that it owns is closed, the last opened first.
 */
import { randomBytes } from "node:crypto";

import { SameseedError } from "../base/error.ts";

/** The longest time a lease may be asked for, in ms. */
export const leaseMsMost = 3_600_000;
/** The shortest, in ms. */
export const leaseMsLeast = 500;

/** A timer that is later than this, in ms, says that the process stood still. */
const stallMs = 100;

/** An identifier that cannot be guessed. @param kind what it names, such as `sb` */
export function makeId(kind: string): string {
  return `${kind}_${randomBytes(16).toString("base64url")}`;
}

/** What a lease owns. */
export type Close = () => Promise<unknown>;

/** A client's claim to what it opened. */
export class Lease {
  readonly id: string = makeId("ls");
  readonly ttlMs: number;
  /** Whether a client asked for it, and sends heartbeats; otherwise it was made for one thing that was opened without any. */
  readonly hasHeartbeat: boolean;
  readonly #owned: Map<string, Close> = new Map();
  readonly #onEnd: (lease: Lease) => void;
  #heardAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #ended: Promise<void> | undefined;
  #held = 0;

  /** Made by {@link Leases.open}. */
  constructor(ttlMs: number, hasHeartbeat: boolean, onEnd: (lease: Lease) => void) {
    this.ttlMs = ttlMs;
    this.hasHeartbeat = hasHeartbeat;
    this.#onEnd = onEnd;
    this.#arm(ttlMs);
  }

  /** How many things it owns. */
  get size(): number {
    return this.#owned.size;
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** The client was heard of. @throws `lease_ended` */
  touch(): void {
    this.#refuseEnded();
    this.#heardAt = performance.now();
  }

  /**
   * Keeps a lease without heartbeats alive until the returned function is called: while a request is under way, somebody waits
   * for its answer. One with heartbeats is only touched: a connection may outlive its client.
   * @throws `lease_ended`
   */
  hold(): () => void {
    this.touch();
    if (this.hasHeartbeat) return () => {};
    this.#held++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held--;
      this.#heardAt = performance.now();
    };
  }

  /**
   * Takes over something that was opened.
   * @throws `lease_ended`; the caller then closes it
   */
  own(id: string, close: Close): void {
    this.touch();
    this.#owned.set(id, close);
  }

  /** Gives up something that is closed by itself. */
  disown(id: string): void {
    this.#owned.delete(id);
  }

  /** Ends it, and closes everything that it owns. Resolves when nothing is left. May be called repeatedly. */
  async end(): Promise<void> {
    this.#ended ??= Promise.resolve().then(async () => await this.#closeAll());
    await this.#ended;
  }

  async #closeAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#onEnd(this);
    const closers = [...this.#owned.values()].toReversed();
    this.#owned.clear();
    await Promise.allSettled(closers.map(async (close) => await close()));
  }

  #arm(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const now = performance.now();
      const left = this.#held > 0 ? this.ttlMs : this.#heardAt + this.ttlMs - now;
      if (left > 0) this.#arm(left);
      // While this process stood still, nobody could be heard: heartbeats may wait to be read.
      else if (now - due > stallMs) this.#arm(Math.min(now - due, this.ttlMs));
      else void this.end();
    }, ms);
    this.#timer.unref();
  }

  #refuseEnded(): void {
    if (this.#ended !== undefined) throw leaseEnded(this.id);
  }
}

/** All leases of a server. */
export class Leases {
  readonly #leases: Map<string, Lease> = new Map();
  readonly #ending: Set<Promise<void>> = new Set();
  readonly #listeners: ((id: string) => void)[] = [];
  #isOver = false;

  /** How many there are. */
  get size(): number {
    return this.#leases.size;
  }

  /** @param ttlMs for how long it lives without being heard of @param hasHeartbeat whether its client sends heartbeats @throws `server_draining` */
  open(ttlMs: number, hasHeartbeat: boolean): Lease {
    if (this.#isOver) throw new SameseedError("server_draining", "the server is being stopped");
    const lease = new Lease(ttlMs, hasHeartbeat, (ended) => {
      this.#leases.delete(ended.id);
      for (const listener of this.#listeners) listener(ended.id);
      const ending = ended.end().finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    });
    this.#leases.set(lease.id, lease);
    return lease;
  }

  /** Calls a function with the identifier of each lease that ends: nobody can name it any more. */
  whenEnded(listener: (id: string) => void): void {
    this.#listeners.push(listener);
  }

  /** The lease of an identifier. @throws `lease_ended` */
  find(id: string): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw leaseEnded(id);
    return lease;
  }

  /** Ends all of them; none is opened any more. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#leases.values()].map(async (lease) => await lease.end()));
    await Promise.all(this.#ending);
  }
}

function leaseEnded(id: string): SameseedError {
  return new SameseedError("lease_ended", `the lease ${id.slice(0, 40)} is over, or never was`, {
    hint: "open another, and send heartbeats more often than its ttlMs",
  });
}
