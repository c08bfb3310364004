const utf8 = new TextEncoder();

/** Bytes that grow, with the heads of canonical CBOR. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(64);
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** What was written; a view. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Writes the shortest head of a major type with an argument up to 2^64 - 1. */
  head(major: number, argument: number | bigint): void {
    const first = major << 5;
    if (argument < 24) this.byte(first | Number(argument));
    else if (argument < 0x100) this.#long(first | 24, Number(argument), 1);
    else if (argument < 0x1_0000) this.#long(first | 25, Number(argument), 2);
    else if (argument < 0x1_0000_0000) this.#long(first | 26, Number(argument), 4);
    else {
      const wide = BigInt(argument);
      this.#long(first | 27, Number(wide >> 32n), 4);
      this.#word(Number(wide & 0xffff_ffffn), 4);
    }
  }

  /** Writes a binary64; every NaN as the canonical one. */
  float(value: number): void {
    this.#reserve(9);
    this.#bytes[this.#length] = 0xfb;
    new DataView(this.#bytes.buffer).setFloat64(this.#length + 1, value);
    if (Number.isNaN(value)) this.#bytes.set([0x7f, 0xf8, 0, 0, 0, 0, 0, 0], this.#length + 1);
    this.#length += 9;
  }

  /** Writes a text, which must be well-formed. */
  text(value: string): void {
    const bytes = utf8.encode(value);
    this.head(3, bytes.length);
    this.raw(bytes);
  }

  #long(first: number, argument: number, size: number): void {
    this.byte(first);
    this.#word(argument, size);
  }

  #word(value: number, size: number): void {
    this.#reserve(size);
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8)
      this.#bytes[this.#length++] = (value >>> shift) & 0xff;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + more, 2 * this.#bytes.length));
    grown.set(this.take());
    this.#bytes = grown;
  }
}
