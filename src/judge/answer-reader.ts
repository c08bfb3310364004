/** What a sandbox told the host: its one message. */
export interface Answer {
  readonly kind: number;
  readonly payload: Buffer;
}

const headBytes = 5;
/** A value of 16 MiB and what surrounds it. */
const maxPayload = (16 << 20) + (1 << 16);

/**
 * Reads the one frame that a sandbox of the judge's sends, `u8 kind | u32 length | payload`. A frame of a kind that is not
 * due, one that is too long, and any byte after the first frame break it for good.
 */
export class AnswerReader {
  readonly #kinds: number;
  #parts: Buffer[] = [];
  #length = 0;
  #needed: number | undefined;
  #broken = false;

  /** @param kinds kinds are from 1 to this */
  constructor(kinds: number) {
    this.#kinds = kinds;
  }

  /** Whether what came is no single frame. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Whether anything came. */
  get started(): boolean {
    return this.#length > 0;
  }

  /** Takes bytes; false once they are no single frame. */
  push(data: Buffer): boolean {
    if (this.#broken) return false;
    this.#parts.push(Buffer.from(data));
    this.#length += data.length;
    if (this.#needed === undefined && this.#length >= headBytes) {
      const head = this.#whole();
      const payload = head.readUInt32LE(1);
      this.#needed = headBytes + payload;
      const kind = head[0]!;
      if (payload > maxPayload || kind < 1 || kind > this.#kinds) this.#broken = true;
    }
    if (this.#needed !== undefined && this.#length > this.#needed) this.#broken = true;
    return !this.#broken;
  }

  /** The frame, where exactly one came whole. */
  get answer(): Answer | undefined {
    if (this.#broken || this.#needed === undefined || this.#length !== this.#needed) return undefined;
    const whole = this.#whole();
    return { kind: whole[0]!, payload: whole.subarray(headBytes) };
  }

  #whole(): Buffer {
    const whole = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [whole];
    return whole;
  }
}
