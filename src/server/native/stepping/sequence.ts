import { isSameseedError, SameseedError } from "../../../base/error.ts";
import { asksTheSame } from "./wire.ts";

/** Errors after which nothing has happened: the same number may be tried again. */
const nothingHappened: ReadonlySet<string> = new Set(["server_full", "queue_timeout", "server_draining"]);

/** The requests that change one thing, numbered from 1: each happens once, in order, and the last answer is kept. */
export class Sequence {
  #last = 0;
  #request: Uint8Array = new Uint8Array(0);
  #answer: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0));

  /** The number of the last request. */
  get last(): number {
    return this.#last;
  }

  /** The bytes that are kept. */
  get request(): Uint8Array {
    return this.#request;
  }

  /**
   * Does the work of a request, or gives the answer that it was given.
   * @throws `key_reused` for a number that is neither the next nor the last, or that was another request's
   */
  async run(seq: number, request: Uint8Array, work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    if (seq === this.#last && seq > 0 && asksTheSame(request, this.#request)) return await this.#answer;
    if (seq !== this.#last + 1) throw this.#outOfTurn(seq);
    const before = this.#answer;
    const kept = this.#request;
    this.#last = seq;
    this.#request = request;
    const answer = before.then(work, work);
    // Whoever asked is told; nobody may be there any more.
    answer.catch(() => {});
    this.#answer = answer;
    try {
      return await answer;
    } catch (error) {
      if (this.#last === seq && isSameseedError(error) && nothingHappened.has(error.code)) {
        this.#last = seq - 1;
        this.#request = kept;
        this.#answer = before;
      }
      throw error;
    }
  }

  #outOfTurn(seq: number): SameseedError {
    return new SameseedError("key_reused", `the request has number ${seq}, and the last was ${this.#last}`, {
      hint: "the next request has the next number; the same request again the same",
      context: { seq: this.#last },
    });
  }
}
