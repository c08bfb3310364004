/*
 * Process output arrives in chunks that may end inside a character. So bytes are kept, and decoded when they are read.
 * UTF-8 marks continuation bytes, so a cut at the limit never leaves part of a character.
 */

/** Chunks that are kept apart before they are put together. */
const partsMost = 256;

/** Keeps the last bytes of a stream. */
export class LastBytes {
  readonly #most: number;
  #parts: Buffer[] = [];
  #length = 0;
  #isCut = false;

  /** @param most how many bytes are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a chunk; it is copied. */
  push(data: Uint8Array): void {
    this.#parts.push(Buffer.from(data.subarray(Math.max(0, data.length - this.#most))));
    this.#length += data.length;
    this.#isCut ||= this.#length > this.#most;
    // Put together now and then, so that many small chunks cost no more than a few large ones.
    if (this.#length > 2 * this.#most || this.#parts.length > partsMost) this.#tail();
  }

  /** What is kept. */
  get bytes(): Buffer {
    return this.#tail();
  }

  /** What is kept, as text. */
  get text(): string {
    const tail = this.#tail();
    let from = 0;
    if (this.#isCut) while (from < 3 && isInside(tail[from])) from++;
    return tail.subarray(from).toString();
  }

  #tail(): Buffer {
    const all = Buffer.concat(this.#parts);
    const tail = all.subarray(Math.max(0, all.length - this.#most));
    this.#length = tail.length;
    this.#parts = [tail];
    return tail;
  }
}

/** Keeps the first bytes of a stream. */
export class FirstBytes {
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #length = 0;
  #isCut = false;

  /** @param most how many bytes are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a chunk; what is kept of it is copied. */
  push(data: Uint8Array): void {
    const kept = Buffer.from(data.subarray(0, this.#most - this.#length));
    this.#isCut ||= kept.length < data.length;
    if (kept.length > 0) this.#parts.push(kept);
    this.#length += kept.length;
  }

  /** What is kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** What is kept, as text. */
  get text(): string {
    const all = this.bytes;
    return all.subarray(0, this.#isCut ? beforeCut(all) : all.length).toString();
  }
}

/** Where the last whole character ends: the character that a cut fell into is left out. */
function beforeCut(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (isInside(byte)) continue;
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return wanted > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Whether a byte continues a character of UTF-8. */
function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
