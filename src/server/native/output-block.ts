/*
 * Theory of operation. A process that writes one byte at a time would have an object for each. What comes within a short time goes
 * into one block: its bytes in the order in which they came, and where both streams wrote, beside each byte its stream.
 */

/** Which of its streams a process wrote to. */
export type OutputStream = "stdout" | "stderr";

/** The most bytes of a block that more is added to. */
const blockBytes = 16 * 1024;
/** For how long more is added to a block, in ms: so much earlier it may be told to have come. */
const togetherMs = 100;
const leastBytes = 64;
const marks: Readonly<Record<OutputStream, number>> = { stdout: 1, stderr: 2 };

/** Some of the output of a process, which came at about the same time. */
export class OutputBlock {
  /** The offset of its first byte. */
  readonly start: number;
  /** When its first byte came, in ms since 1970. */
  readonly atMs: number;
  readonly #first: OutputStream;
  #bytes: Buffer;
  #length: number;
  /** The stream of each byte; undefined while all are of the first's. */
  #marks: Buffer | undefined;

  constructor(stream: OutputStream, data: Buffer, start: number, atMs: number) {
    this.start = start;
    this.atMs = atMs;
    this.#first = stream;
    this.#bytes = data;
    this.#length = data.length;
  }

  /** The offset behind its last byte. */
  get end(): number {
    return this.start + this.#length;
  }

  /** Adds bytes behind the last. @returns whether there was room for them */
  add(stream: OutputStream, data: Buffer, atMs: number): boolean {
    const length = this.#length + data.length;
    // Also where the clock was set back, a block is added to for no longer.
    if (length > blockBytes || Math.abs(atMs - this.atMs) >= togetherMs) return false;
    // Whoever read some of it keeps the bytes that were there: they are copied, never written over.
    if (length > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#length, length);
    if (stream !== this.#first) this.#marks ??= Buffer.alloc(this.#bytes.length, marks[this.#first]);
    if (this.#marks !== undefined) {
      if (this.#marks.length < length) this.#marks = grown(this.#marks, this.#length, this.#bytes.length);
      this.#marks.fill(marks[stream], this.#length, length);
    }
    this.#bytes.set(data, this.#length);
    this.#length = length;
    return true;
  }

  /** Bytes of one stream from an offset of the process's on, as many as came of it in a row. */
  readAt(offset: number): { readonly stream: OutputStream; readonly data: Buffer } {
    const from = offset - this.start;
    const held = this.#marks?.subarray(0, this.#length);
    const stream = held === undefined ? this.#first : held[from] === marks.stdout ? "stdout" : "stderr";
    const other = held?.indexOf(stream === "stdout" ? marks.stderr : marks.stdout, from) ?? -1;
    return { stream, data: this.#bytes.subarray(from, other < 0 ? this.#length : other) };
  }

  /** All bytes of one stream. */
  of(stream: OutputStream): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    const held = this.#marks;
    if (held === undefined) return stream === this.#first ? bytes : Buffer.alloc(0);
    return Buffer.from(bytes.filter((_, at) => held[at] === marks[stream]));
  }
}

function grown(bytes: Buffer, used: number, least: number): Buffer {
  const larger = Buffer.alloc(Math.max(leastBytes, least, Math.min(blockBytes, 2 * bytes.length)));
  larger.set(bytes.subarray(0, used));
  return larger;
}
