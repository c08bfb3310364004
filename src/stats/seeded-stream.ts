import { createCipheriv, type Cipheriv } from "node:crypto";
import { sha256Of } from "../base/digest.ts";

/*
 * Chance that is a function of data. Resampling needs random numbers, and the same data must give the same interval:
 * the numbers are the key stream of AES-256 in counter mode under a key that is a digest of the data. The cipher is
 * Node's own, the same on every machine, and its output cannot be told from chance.
 */

const blockBytes = 1 << 14;
const zeros = new Uint8Array(blockBytes);

/** An endless stream of random numbers that its 32-byte seed decides. */
export class SeededStream {
  readonly #cipher: Cipheriv;
  #block = new DataView(new ArrayBuffer(0));
  #at = 0;
  #spareNormal: number | undefined;

  /** `seed` is 32 bytes. */
  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv("aes-256-ctr", seed, new Uint8Array(16));
  }

  /** Uniform over the multiples of 2^-53 in [0, 1). */
  uniform(): number {
    return ((this.#word() >>> 5) * 67108864 + (this.#word() >>> 6)) / 9007199254740992;
  }

  /** A whole number from 0 to `count` - 1, each as likely up to `count` / 2^32. */
  below(count: number): number {
    return Math.floor((this.#word() / 4294967296) * count);
  }

  /** The next 32 bits. */
  #word(): number {
    if (this.#at === this.#block.byteLength) {
      const bytes = this.#cipher.update(zeros);
      this.#block = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#at = 0;
    }
    const word = this.#block.getUint32(this.#at);
    this.#at += 4;
    return word;
  }

  /** Standard normal, by Marsaglia's polar method (Marsaglia and Bray, SIAM Review 6, 1964). */
  normal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spareNormal = y * factor;
      return x * factor;
    }
  }

  /** Gamma with this shape (above 0) and scale 1 (Marsaglia and Tsang, ACM TOMS 26, 2000). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      const u = 1 - this.uniform();
      if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }
}

/** The stream of a purpose and some numbers: other numbers, or another purpose, give another stream. */
export function streamOf(purpose: string, numbers: readonly number[]): SeededStream {
  const bytes = new DataView(new ArrayBuffer(8 * numbers.length));
  // Adding 0 makes both zeros one: equal data are equal bytes.
  for (const [index, value] of numbers.entries()) bytes.setFloat64(8 * index, value + 0);
  return new SeededStream(sha256Of([`sameseed/stats/1\0${purpose}\0`, new Uint8Array(bytes.buffer)]));
}
