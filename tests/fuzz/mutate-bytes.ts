/*
 * Breaks bytes the way faults and attackers do: bits flip, lengths lie, parts are missing, doubled, moved or of another
 * message. Everything follows from a seed, so that a case is named by its number.
 */

/** Numbers where lengths, counts and heads change their form. */
const borders = [
  0, 1, 2, 23, 24, 25, 31, 63, 64, 127, 128, 255, 256, 1023, 4096, 32767, 65535, 65536, 0x7fffffff,
  0x80000000, 0xffffffff,
];

/** A source of numbers that follow from a seed (xorshift, 32 bits). */
export class SeededNumbers {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not give neighbouring numbers, and the state must not be zero.
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ (seed >>> 13)) | 1;
    for (let turn = 0; turn < 4; turn++) this.below(2);
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** One of some. */
  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Some bytes. */
  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

type Change = (bytes: Buffer, numbers: SeededNumbers, others: readonly Buffer[]) => Buffer;

function replace(bytes: Buffer, start: number, end: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}

/** A place in the bytes, and one behind it that is near more often than far. */
function span(bytes: Buffer, numbers: SeededNumbers): [start: number, end: number] {
  const start = numbers.below(bytes.length + 1);
  const most = numbers.below(2) === 0 ? 8 : bytes.length;
  return [start, Math.min(bytes.length, start + numbers.below(most + 1))];
}

function writeNumber(bytes: Buffer, numbers: SeededNumbers): Buffer {
  const value = numbers.oneOf(borders) + numbers.below(3) - 1;
  const size = numbers.oneOf([1, 2, 4]);
  const written = Buffer.alloc(4);
  written.writeUInt32LE(value >>> 0);
  const part = written.subarray(0, size);
  if (numbers.below(2) === 0) part.reverse();
  const at = numbers.below(bytes.length + 1);
  return replace(bytes, at, Math.min(bytes.length, at + size), part);
}

const changes: readonly Change[] = [
  (bytes, numbers) => {
    if (bytes.length === 0) return bytes;
    const changed = Buffer.from(bytes);
    const at = numbers.below(changed.length);
    changed[at] = changed[at]! ^ (1 << numbers.below(8));
    return changed;
  },
  (bytes, numbers) => {
    const at = numbers.below(bytes.length + 1);
    return replace(bytes, at, Math.min(bytes.length, at + 1), numbers.bytes(1));
  },
  writeNumber,
  writeNumber,
  (bytes, numbers) => bytes.subarray(0, numbers.below(bytes.length + 1)),
  (bytes, numbers) => replace(bytes, ...span(bytes, numbers), Buffer.alloc(0)),
  (bytes, numbers) => {
    const at = numbers.below(bytes.length + 1);
    return replace(bytes, at, at, numbers.bytes(1 + numbers.below(8)));
  },
  (bytes, numbers) => {
    const part = bytes.subarray(...span(bytes, numbers));
    const at = numbers.below(bytes.length + 1);
    return replace(bytes, at, at, part);
  },
  (bytes, numbers, others) => {
    const other = numbers.oneOf(others);
    return Buffer.concat([
      bytes.subarray(0, numbers.below(bytes.length + 1)),
      other.subarray(numbers.below(other.length + 1)),
    ]);
  },
];

/** The most bytes a case has: doubling parts must not make a few cases take all the time. */
const maxBytes = 64 * 1024;

/** One of the examples, changed in one to six places; now and then as it is, or nothing but chance. */
export function mutateBytes(examples: readonly Buffer[], numbers: SeededNumbers): Buffer {
  if (numbers.below(50) === 0) return numbers.bytes(numbers.below(64));
  let bytes = numbers.oneOf(examples);
  for (let left = numbers.below(7); left > 0; left--) {
    bytes = numbers.oneOf(changes)(bytes, numbers, examples).subarray(0, maxBytes);
  }
  return bytes;
}
