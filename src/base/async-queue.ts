/**
 * A bounded queue from many producers to one consumer: a producer waits while it is full, so that a slow consumer
 * bounds what is held in memory.
 */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  readonly #blocked: PromiseWithResolvers<void>[] = [];
  #reader: PromiseWithResolvers<void> | undefined;
  #ended = false;
  #abandoned = false;
  #error: unknown;

  /** @param capacity items held before producers wait */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether the consumer has left; producers should stop. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Adds an item; resolves when there is room for the next. */
  async push(item: T): Promise<void> {
    if (this.#abandoned) return;
    this.#items.push(item);
    this.#reader?.resolve();
    if (this.#items.length < this.#capacity) return;
    const blocked = Promise.withResolvers<void>();
    this.#blocked.push(blocked);
    await blocked.promise;
  }

  /** Ends the queue after what it holds; with an error, the consumer sees it last. */
  end(error?: unknown): void {
    this.#ended = true;
    this.#error ??= error;
    this.#reader?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#blocked.shift()?.resolve();
          yield item;
        } else if (this.#ended) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          this.#reader = Promise.withResolvers();
          await this.#reader.promise;
        }
      }
    } finally {
      this.#abandoned = true;
      for (const blocked of this.#blocked.splice(0)) blocked.resolve();
    }
  }
}
