import { SameseedError } from "./error.ts";

/** Lets at most so many callers through at the same time, in the order they came. */
export class Semaphore {
  #free: number;
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  /** @param permits how many may be held at the same time */
  constructor(permits: number) {
    this.#free = permits;
  }

  /**
   * Waits for a permit. Each must be given back with {@link release}.
   * @throws `aborted`
   */
  async acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) throw abortedWhileWaiting();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    const abort = (): void => {
      const at = this.#waiting.indexOf(waiter);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      waiter.reject(abortedWhileWaiting());
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await waiter.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Gives a permit back. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.resolve();
  }
}

function abortedWhileWaiting(): SameseedError {
  return new SameseedError("aborted", "the call was aborted while it waited for its turn");
}
