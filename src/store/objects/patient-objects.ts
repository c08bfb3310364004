import type { ObjectStore } from "./object-store.ts";
import { patiently } from "./patience.ts";

/**
 * A store that may be full or away for a while: whatever is asked of it is tried for a minute before it fails, and each outage is
 * said once.
 */
export class PatientObjects implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal;
  readonly #onLog: (line: string) => void;
  #isSaid = false;

  /** @param onLog told that the store is waited for */
  constructor(
    store: ObjectStore,
    how: { readonly signal: AbortSignal; readonly onLog: (line: string) => void },
  ) {
    this.#store = store;
    this.#signal = how.signal;
    this.#onLog = how.onLog;
  }

  get url(): string {
    return this.#store.url;
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#try(async () => await this.#store.get(key));
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#try(async () => await this.#store.put(key, bytes));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return await this.#try(async () => await this.#store.putIfAbsent(key, bytes));
  }

  async delete(key: string): Promise<void> {
    await this.#try(async () => await this.#store.delete(key));
  }

  /** A list that breaks off begins again; what it gave before is not given twice. */
  async *list(prefix: string): AsyncIterable<string> {
    const given = new Set<string>();
    let keys = this.#store.list(prefix)[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#try(async () => {
        try {
          return await keys.next();
        } catch (error) {
          keys = this.#store.list(prefix)[Symbol.asyncIterator]();
          throw error;
        }
      });
      if (next.done === true) return;
      if (given.has(next.value)) continue;
      given.add(next.value);
      yield next.value;
    }
  }

  async has(key: string): Promise<boolean> {
    return await this.#try(async () => await this.#store.has(key));
  }

  async sizeOf(key: string): Promise<number | undefined> {
    return await this.#try(async () => await this.#store.sizeOf(key));
  }

  async putFile(key: string, path: string): Promise<void> {
    await this.#try(async () => await this.#store.putFile(key, path));
  }

  async getFile(key: string, path: string): Promise<boolean> {
    return await this.#try(async () => await this.#store.getFile(key, path));
  }

  close(): void {
    this.#store.close();
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    const onLog = (line: string): void => {
      if (!this.#isSaid) this.#onLog(line);
      this.#isSaid = true;
    };
    const done = await patiently(work, { signal: this.#signal, onLog });
    this.#isSaid = false;
    return done;
  }
}
