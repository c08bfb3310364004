import { StringDecoder } from "node:string_decoder";

import { startOfText } from "../../base/cut-text.ts";
import { SameseedError } from "../../base/error.ts";

const longestLine = 4096;

/** Lines of a stream, one at a time and only when they are asked for. */
export class LineReader {
  readonly #chunks: AsyncIterator<Buffer | string>;
  readonly #decoder = new StringDecoder("utf8");
  readonly #stream: NodeJS.ReadableStream & { destroy?(error?: Error): unknown };
  readonly #signal: AbortSignal;
  #waiting = "";
  #isOver = false;

  /** @param signal ends a waiting {@link next} */
  constructor(stream: NodeJS.ReadableStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
    signal.addEventListener("abort", () => this.close(), { once: true });
  }

  /**
   * The next line without its end, at most 4096 characters of it; undefined at the end of the input. A last line needs no
   * line feed.
   * @throws `aborted`
   */
  async next(): Promise<string | undefined> {
    for (;;) {
      this.#check();
      const end = this.#waiting.indexOf("\n");
      if (end >= 0) {
        const line = this.#waiting.slice(0, end);
        this.#waiting = this.#waiting.slice(end + 1);
        return startOfText(line, longestLine);
      }
      if (this.#isOver) {
        const rest = this.#waiting;
        this.#waiting = "";
        return rest === "" ? undefined : rest;
      }
      await this.#read();
    }
  }

  /** Reads nothing more. */
  close(): void {
    this.#stream.destroy?.();
  }

  async #read(): Promise<void> {
    let read: IteratorResult<Buffer | string>;
    try {
      read = await this.#chunks.next();
    } catch {
      // A terminal or pipe that breaks is one that says nothing more.
      read = { done: true, value: undefined };
    }
    if (read.done === true) this.#isOver = true;
    const text = read.done === true ? this.#decoder.end() : this.#decoder.write(Buffer.from(read.value));
    // Of a line that is longer than any that is understood, the beginning is enough.
    const end = this.#waiting.length > longestLine && !this.#waiting.includes("\n") ? text.indexOf("\n") : 0;
    this.#waiting += end < 0 ? "" : text.slice(end);
  }

  #check(): void {
    if (this.#signal.aborted) throw new SameseedError("aborted", "interrupted; the game is not recorded");
  }
}
