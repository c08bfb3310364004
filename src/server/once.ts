/*
 * Theory of operation. A client that does not get an answer cannot know whether its request was carried out. It sends the
 * same request again, with the same key, and the server gives the answer that it gave, or is about to give: the work
 * itself happens once.
 */
import { isSameseedError, SameseedError } from "../base/error.ts";
import { digestOf } from "../base/digest.ts";

/** For how long a key is remembered after its answer, in ms. */
export const keyMs = 600_000;
/** The most answers that are remembered; above, the oldest that was given is forgotten. */
export const keysMost = 20_000;
/** The most bytes they may have together. */
const bytesMost = 256 * 1024 * 1024;

interface Entry<T> {
  readonly request: string;
  readonly answer: Promise<T>;
  bytes: number;
  /** When it was given; undefined while it is being made. */
  settledAt: number | undefined;
}

/** Errors after which nothing has happened: the same key may be tried again. */
const nothingHappened: ReadonlySet<string> = new Set(["server_full", "queue_timeout", "server_draining"]);

/** Whether an error says that nothing has happened, so that the same request may be sent again. */
export function saysNothingHappened(error: unknown): boolean {
  return isSameseedError(error) && nothingHappened.has(error.code);
}

/** Requests with a key, and their answers. */
export class OnceTable<T> {
  readonly #entries: Map<string, Entry<T>> = new Map();
  readonly #sizeOf: (answer: T) => number;
  #bytes = 0;

  readonly #ageMs: number;

  /** @param sizeOf about how many bytes an answer takes @param ageMs for how long it is remembered */
  constructor(sizeOf: (answer: T) => number, ageMs: number = keyMs) {
    this.#sizeOf = sizeOf;
    this.#ageMs = ageMs;
  }

  /** How many answers are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Does some work once for each key.
   * @param scope whose keys they are: the same key of another scope is another key
   * @param request what was asked for; the same key with something else is refused
   * @throws `key_reused`, and what the work throws, every time
   */
  async run(
    scope: string,
    key: string | undefined,
    request: string | Uint8Array,
    work: () => Promise<T>,
  ): Promise<T> {
    if (key === undefined) return await work();
    const name = `${scope}\0${key}`;
    const digest = digestOf(request);
    const known = this.#entries.get(name);
    if (known !== undefined) {
      if (known.request === digest) return await known.answer;
      throw new SameseedError("key_reused", `the key ${key.slice(0, 80)} was used for another request`, {
        hint: "use a new key for each new request",
      });
    }
    this.#forgetOld();
    const entry: Entry<T> = { request: digest, answer: work(), bytes: 0, settledAt: undefined };
    this.#entries.set(name, entry);
    try {
      const answer = await entry.answer;
      entry.bytes = this.#sizeOf(answer);
      return answer;
    } catch (error) {
      if (saysNothingHappened(error)) this.#forget(name, entry);
      throw error;
    } finally {
      entry.settledAt = performance.now();
      if (this.#entries.get(name) === entry) this.#bytes += entry.bytes;
    }
  }

  /** Forgets all keys. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #forgetOld(): void {
    const before = performance.now() - this.#ageMs;
    for (const [name, entry] of this.#entries) {
      const { settledAt } = entry;
      const isTooMany = this.#entries.size >= keysMost || this.#bytes > bytesMost;
      if (settledAt === undefined) {
        if (!isTooMany) return;
      } else if (isTooMany || settledAt < before) this.#forget(name, entry);
      else return;
    }
  }

  #forget(name: string, entry: Entry<T>): void {
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    this.#bytes -= entry.bytes;
    entry.bytes = 0;
  }
}
