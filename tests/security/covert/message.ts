import { createHash } from "node:crypto";

/** The message that every writer sends: fixed bits that look random. */
export function messageBits(length: number): boolean[] {
  const bits: boolean[] = [];
  for (let block = 0; bits.length < length; block++) {
    const bytes = createHash("sha256").update(`sameseed covert message ${block}`).digest();
    for (const byte of bytes) for (let bit = 0; bit < 8; bit++) bits.push(((byte >> bit) & 1) === 1);
  }
  return bits.slice(0, length);
}

/** The share of bits that came through: 1 for all, about 0.5 where the reader knows nothing. */
export function recovery(sent: readonly boolean[], read: readonly boolean[]): number {
  return sent.filter((bit, index) => bit === read[index]).length / sent.length;
}
