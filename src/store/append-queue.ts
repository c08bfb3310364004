interface Waiting<T> {
  readonly resolve: (recorded: boolean) => void;
  readonly reject: (error: unknown) => void;
  readonly item: T;
}

/**
 * Items that wait to be written, in order. One write runs at a time; whatever arrives meanwhile is offered to the
 * next one, so the slower the disk the larger the batches.
 */
export class AppendQueue<T> {
  readonly #write: (items: readonly T[]) => Promise<readonly boolean[]>;
  #waiting: Waiting<T>[] = [];
  #running: Promise<void> | undefined;

  /** `write` takes one or more of the items, from the first on, and returns a result for each it took. */
  constructor(write: (items: readonly T[]) => Promise<readonly boolean[]>) {
    this.#write = write;
  }

  /** Waits until the item is written; fails as its write fails. */
  async add(item: T): Promise<boolean> {
    return new Promise<boolean>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Waits until nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Appends of the same turn of the event loop belong together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const offered = this.#waiting;
      this.#waiting = [];
      const results = await this.#writeAll(offered);
      this.#waiting = [...offered.slice(results), ...this.#waiting];
    }
    this.#running = undefined;
  }

  /** How many of the offered items were settled. */
  async #writeAll(offered: readonly Waiting<T>[]): Promise<number> {
    try {
      const results = await this.#write(offered.map((waiting) => waiting.item));
      results.forEach((recorded, index) => offered[index]?.resolve(recorded));
      return results.length;
    } catch (error) {
      for (const waiting of offered) waiting.reject(error);
      return offered.length;
    }
  }
}
