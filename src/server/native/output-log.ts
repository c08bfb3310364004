/*
 * Theory of operation. What a process writes is kept in the order in which it came, and every byte of it has an offset. A
 * reader says from which offset on it wants to read, so that one whose connection broke goes on where it was.
 */
import { nowMs } from "../../base/clock.ts";
import { SameseedError } from "../../base/error.ts";
import { OutputBlock, type OutputStream } from "./output-block.ts";

/** Kinds of frames: one byte, then the payload's length as four bytes, the largest first. */
export const frameKinds = { stdout: 1, stderr: 2, end: 3 } as const;

/** The media type of framed output. */
export const framedOutput = "application/vnd.sameseed.output";

/** Some of what a process wrote. */
export interface OutputPart {
  readonly stream: OutputStream;
  readonly data: Buffer;
  /** When it came, in ms since 1970; up to a tenth of a second earlier where it came in small parts. */
  readonly atMs: number;
}

/** The output of one process. */
export class OutputLog {
  #blocks: OutputBlock[] = [];
  #bytes = 0;
  #isEnded = false;
  #isDropped = false;
  #more: PromiseWithResolvers<void> | undefined;

  /** How many bytes it wrote. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many bytes are kept. */
  get keptBytes(): number {
    return this.#isDropped ? 0 : this.#bytes;
  }

  /** Whether nothing more comes. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Takes what the process wrote. */
  push(stream: OutputStream, data: Buffer): void {
    const atMs = nowMs();
    if (this.#blocks.at(-1)?.add(stream, data, atMs) !== true)
      this.#blocks.push(new OutputBlock(stream, data, this.#bytes, atMs));
    this.#bytes += data.length;
    this.#wake();
  }

  /** Nothing more comes. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Forgets the bytes. */
  drop(): void {
    this.#isDropped = true;
    this.#blocks = [];
  }

  /** How many objects its bytes are kept in. */
  get blocks(): number {
    return this.#blocks.length;
  }

  /** All that one stream has so far, in parts. @throws `output_gone` */
  parts(stream: OutputStream): readonly Buffer[] {
    this.checkKept();
    return this.#blocks.map((block) => block.of(stream)).filter(({ length }) => length > 0);
  }

  /**
   * Reads from an offset on: what is there, and with `follow` what comes, until the end.
   * @throws `bad_argument` for an offset that was not reached, `output_gone`
   */
  async *read(from: number, follow: boolean): AsyncGenerator<OutputPart, void, undefined> {
    if (from > this.#bytes)
      throw new SameseedError("bad_argument", `the process has written ${this.#bytes} bytes, not ${from}`);
    let offset = from;
    let at = this.#firstAt(from);
    // A process that writes as fast as a reader takes it would never be read to its end.
    const last = follow ? Infinity : this.#bytes;
    for (;;) {
      this.checkKept();
      while (offset < Math.min(last, this.#bytes)) {
        const block = this.#blocks[at]!;
        if (offset >= block.end) {
          at++;
          continue;
        }
        const { stream, data } = block.readAt(offset);
        const part = data.subarray(0, Math.min(data.length, last - offset));
        offset += part.length;
        yield { stream, data: part, atMs: block.atMs };
        this.checkKept();
      }
      if (this.#isEnded || !follow) return;
      this.#more ??= Promise.withResolvers();
      await this.#more.promise;
    }
  }

  /** The first block that reaches beyond an offset. */
  #firstAt(offset: number): number {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle]!.end <= offset) low = middle + 1;
      else high = middle;
    }
    // What comes may be added to the last.
    return Math.min(low, Math.max(0, this.#blocks.length - 1));
  }

  #wake(): void {
    this.#more?.resolve();
    this.#more = undefined;
  }

  /** @throws `output_gone` where the bytes are forgotten */
  checkKept(): void {
    if (this.#isDropped)
      throw new SameseedError("output_gone", "the output of this process is no longer kept", {
        hint: "read output while it comes",
      });
  }
}

/** A frame: its kind, the payload's length, the payload. */
export function frame(kind: keyof typeof frameKinds, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + payload.length);
  bytes.writeUInt8(frameKinds[kind], 0);
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, 5);
  return bytes;
}
