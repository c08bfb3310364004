import { SameseedError } from "../base/error.ts";

/** Gives room back; only its first call does anything. */
export type Release = () => void;

/** How long, and for how long at most, a request waits for room. */
export interface Patience {
  /** The client's budget in ms; 0 takes room only where some is free. */
  readonly queueMs: number;
  /** Fires when the client has gone. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly weight: number;
  readonly settle: PromiseWithResolvers<void>;
}

/** Room for sandboxes, handed out in the order in which it was asked for. */
export class Slots {
  readonly total: number;
  readonly #queueMost: number;
  readonly #queue: Waiter[] = [];
  #used = 0;
  #isDraining = false;
  /** How long room is kept, as a moving mean; what `Retry-After` is told from. */
  #heldMs = 1000;

  /** @param total sandboxes at the same time @param queueMost requests that may wait at the same time */
  constructor(total: number, queueMost: number) {
    this.total = total;
    this.#queueMost = queueMost;
  }

  /** Sandboxes that room was given to. */
  get used(): number {
    return this.#used;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Waits for room.
   * @param weight for how many sandboxes
   * @throws `bad_argument` for more than there can ever be, `server_full`, `queue_timeout`, `server_draining`, `aborted`
   */
  async acquire(weight: number, { queueMs, signal }: Patience): Promise<Release> {
    if (weight > this.total)
      throw new SameseedError(
        "bad_argument",
        `${weight} sandboxes at the same time are more than the server's ${this.total}`,
        {
          hint: "ask for fewer, or start the server with a larger --max-sandboxes",
        },
      );
    if (this.#isDraining) throw this.#draining();
    if (this.#queue.length > 0 || this.#used + weight > this.total) {
      if (queueMs <= 0 || this.#queue.length >= this.#queueMost) throw this.#full();
      await this.#wait(weight, queueMs, signal);
    } else this.#used += weight;
    return this.#releaseOnce(weight);
  }

  /** Begins nothing more: who waits is refused, and who comes. */
  drain(): void {
    this.#isDraining = true;
    for (const { settle } of this.#queue.splice(0)) settle.reject(this.#draining());
  }

  /** Whether nothing more begins. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  async #wait(weight: number, queueMs: number, signal: AbortSignal | undefined): Promise<void> {
    const waiter: Waiter = { weight, settle: Promise.withResolvers() };
    const leave = (error: SameseedError): void => {
      const at = this.#queue.indexOf(waiter);
      if (at < 0) return;
      this.#queue.splice(at, 1);
      waiter.settle.reject(error);
      // A large one at the head may have kept smaller ones waiting.
      this.#admit();
    };
    const abort = (): void => leave(new SameseedError("aborted", "the client left while it waited for room"));
    const timer = setTimeout(() => leave(this.#late(queueMs)), queueMs);
    this.#queue.push(waiter);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await waiter.settle.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #releaseOnce(weight: number): Release {
    const since = performance.now();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#used -= weight;
      this.#heldMs += 0.1 * (performance.now() - since - this.#heldMs);
      this.#admit();
    };
  }

  #admit(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#used + next.weight > this.total) return;
      this.#queue.shift();
      this.#used += next.weight;
      next.settle.resolve();
    }
  }

  /** In whole seconds: how long the queue takes to be served. */
  #retryAfter(): number {
    const seconds = (this.#heldMs * (this.#queue.length + 1)) / this.total / 1000;
    return Math.min(60, Math.max(1, Math.ceil(seconds)));
  }

  #full(): SameseedError {
    return new SameseedError(
      "server_full",
      `all ${this.total} sandboxes are in use, and ${this.#queue.length} requests wait`,
      {
        hint: "try again after the seconds of Retry-After",
        context: { retryAfter: this.#retryAfter() },
      },
    );
  }

  #late(queueMs: number): SameseedError {
    return new SameseedError("queue_timeout", `no sandbox came free within ${queueMs} ms`, {
      hint: "try again after the seconds of Retry-After, or wait longer with Sameseed-Queue-Ms",
      context: { retryAfter: this.#retryAfter() },
    });
  }

  #draining(): SameseedError {
    return new SameseedError("server_draining", "the server is being stopped", {
      hint: "try again when it runs again",
      context: { retryAfter: 5 },
    });
  }
}
