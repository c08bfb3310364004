import { isSameseedError, SameseedError } from "../../../base/error.ts";
import { sha256 } from "../../../base/digest.ts";
import { asksTheSame, withoutId } from "./wire.ts";

/** Errors after which nothing has happened: the same number may be tried again. */
const nothingHappened: ReadonlySet<string> = new Set(["server_full", "queue_timeout", "server_draining"]);

/** Of a larger request the digest is kept. */
const requestBytesKept = 16 * 1024;

/** The requests that change one thing, numbered from 1: each happens once, in order, and the last answer is kept. */
export class Sequence {
  #last = 0;
  /** The last request, or the digest of what it asked for. */
  #request: Uint8Array = new Uint8Array(0);
  #isDigest = false;
  #answer: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0));

  /** The number of the last request. */
  get last(): number {
    return this.#last;
  }

  /** How many bytes of the last request are kept. */
  get requestBytes(): number {
    return this.#request.length;
  }

  /**
   * Does the work of a request, or gives the answer that it was given.
   * @throws `key_reused` for a number that is neither the next nor the last, or that was another request's
   */
  async run(seq: number, request: Uint8Array, work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    if (seq === this.#last && seq > 0 && this.#isLast(request)) return await this.#answer;
    if (seq !== this.#last + 1) throw this.#outOfTurn(seq);
    const before = this.#answer;
    const kept = [this.#request, this.#isDigest] as const;
    this.#last = seq;
    this.#isDigest = request.length > requestBytesKept;
    this.#request = this.#isDigest ? sha256(withoutId(request)) : request;
    const answer = before.then(work, work);
    // Whoever asked is told; nobody may be there any more.
    answer.catch(() => {});
    this.#answer = answer;
    try {
      return await answer;
    } catch (error) {
      if (this.#last === seq && isSameseedError(error) && nothingHappened.has(error.code)) {
        this.#last = seq - 1;
        [this.#request, this.#isDigest] = kept;
        this.#answer = before;
      }
      throw error;
    }
  }

  #isLast(request: Uint8Array): boolean {
    if (this.#isDigest) return sha256(withoutId(request)).equals(this.#request);
    return asksTheSame(request, this.#request);
  }

  #outOfTurn(seq: number): SameseedError {
    return new SameseedError("key_reused", `the request has number ${seq}, and the last was ${this.#last}`, {
      hint: "the next request has the next number; the same request again the same",
      context: { seq: this.#last },
    });
  }
}
