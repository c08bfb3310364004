import type { ObjectStore } from "./object-store.ts";
import { openObjects } from "./open-objects.ts";
import { isOutage, patiently } from "./patience.ts";
import type { StoreUse } from "./probe-s3.ts";

/** How long something waits for a store, and who is told. */
export interface Waiting {
  readonly signal: AbortSignal;
  /** Told that the store is waited for. */
  readonly onLog: (line: string) => void;
}

/**
 * Opens a store of which everything is tried for a minute. What is wrong with its address is said at once.
 * @throws as {@link openObjects}
 */
export async function openPatiently(url: string, how: Waiting, use?: StoreUse): Promise<ObjectStore> {
  return new PatientObjects(await openOnceThere(url, how, use), how);
}

/**
 * Opens a store, and waits for a minute where it is full or its server cannot serve now; it is not waited for afterwards.
 * @throws as {@link openObjects}
 */
export async function openOnceThere(url: string, how: Waiting, use?: StoreUse): Promise<ObjectStore> {
  return await patiently(async () => await openObjects(url, use), { ...how, mayPass: isOutage });
}

/**
 * Reads something from a store that is waited for, and closes it.
 * @throws as {@link openPatiently}, and as what is done
 */
export async function readPatiently<T>(
  url: string,
  work: (store: ObjectStore) => Promise<T>,
  how: Waiting,
): Promise<T> {
  const store = await openPatiently(url, how, "read");
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

/**
 * A store that may be full or away for a while: whatever is asked of it is tried for a minute before it fails, and each outage is
 * said once.
 */
export class PatientObjects implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal;
  readonly #onLog: (line: string) => void;
  #isSaid = false;

  constructor(store: ObjectStore, { signal, onLog }: Waiting) {
    this.#store = store;
    this.#signal = signal;
    this.#onLog = onLog;
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
