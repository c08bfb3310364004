import { Semaphore } from "../base/semaphore.ts";

/** Lets so many tests run at the same time, or one alone. */
export class Lanes {
  readonly #count: number;
  readonly #free: Semaphore;
  readonly #alone: Semaphore = new Semaphore(1);

  /**
   * @param count how many may run at the same time
   * @param gate with so many permits, where other work shares them; no other lanes may
   */
  constructor(count: number, gate: Semaphore = new Semaphore(count)) {
    this.#count = count;
    this.#free = gate;
  }

  /** Runs beside others. @throws `aborted` */
  async shared<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#free.acquire(signal);
    try {
      return await work();
    } finally {
      this.#free.release();
    }
  }

  /** Runs when nothing else does. @throws `aborted` */
  async alone<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#alone.acquire(signal);
    let held = 0;
    try {
      for (; held < this.#count; held++) await this.#free.acquire(signal);
      return await work();
    } finally {
      for (; held > 0; held--) this.#free.release();
      this.#alone.release();
    }
  }
}
