import { SameseedError } from "../../base/error.ts";

/** Whose fault bad bytes are: a stored file (`run_damaged`) or a live stream (`protocol_broken`). */
export type BadBytesCode = "run_damaged" | "protocol_broken";

/** How many arrays, maps and tags may enclose a value. */
export const maxDepth = 64;

/** How many values one record may hold, nested ones, tags and map keys included. */
export const maxItems = 4_194_304;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const floatBytes = new Uint8Array(8);
const floatView = new DataView(floatBytes.buffer);

/**
 * A cursor over bytes of the canonical CBOR profile (`docs/trajectory-format.md` §1).
 *
 * Every read checks the profile's rules for heads (definite length, shortest form) and that what a head
 * announces is really there, so nothing is ever allocated or skipped by a length that the input only claims.
 */
export class CborReader {
  readonly bytes: Uint8Array;
  readonly code: BadBytesCode;
  /** Whether the *opaque* tag is allowed: in VOLATILE frames alone. */
  readonly opaque: boolean;
  /** Offset of the next unread byte. */
  position = 0;
  /** Major type of the last head. */
  major = 0;
  /** Argument of the last head; inexact above 2^53, where {@link wideArgument} is exact. */
  argument = 0;
  #information = 0;
  #high = 0;
  #low = 0;
  #items = 0;

  constructor(bytes: Uint8Array, code: BadBytesCode, opaque = false) {
    this.bytes = bytes;
    this.code = code;
    this.opaque = opaque;
  }

  /** Reads one head into `major` and `argument`. */
  readHead(): void {
    const first = this.bytes[this.position];
    if (first === undefined) this.fail("the bytes end inside a value");
    if (++this.#items > maxItems) this.fail(`a record holds more than ${maxItems} values`);
    this.position++;
    const information = first & 31;
    this.major = first >> 5;
    this.#information = information;
    if (information < 24) this.argument = information;
    else if (this.major === 7) this.#checkFloat(information);
    else this.#readLongArgument(information);
  }

  /** Reads a head that must be of one major type and returns its argument. */
  expect(major: number, what: string): number {
    this.readHead();
    if (this.major !== major) this.fail(`${what} is expected`);
    return this.argument;
  }

  /** Reads the head of an array that must hold `count` items. */
  expectArray(count: number, what: string): void {
    if (this.expect(4, what) !== count) this.fail(`${what} is expected`);
  }

  /** The depth inside an array, map or tag. */
  enter(depth: number): number {
    if (depth >= maxDepth) this.fail(`values are nested more than ${maxDepth} deep`);
    return depth + 1;
  }

  /** The argument as it is, up to 2^64 - 1. */
  wideArgument(): bigint {
    if (this.#information !== 27) return BigInt(this.argument);
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** The last head's argument as a number of items, checked against the bytes that are left. */
  takeCount(bytesPerItem: 1 | 2): number {
    if (this.argument * bytesPerItem > this.bytes.length - this.position)
      this.fail("more items are announced than there are bytes left");
    return this.argument;
  }

  /** The content of the byte string whose head was read last, as a view. */
  takeBytes(): Uint8Array {
    const start = this.#passString();
    return this.bytes.subarray(start, this.position);
  }

  /** Moves past the byte string whose head was read last. */
  passBytes(): void {
    this.#passString();
  }

  /** The content of the text whose head was read last. */
  takeText(): string {
    const start = this.#passString();
    return this.#decodeText(start);
  }

  /** Moves past the text whose head was read last, and checks it. */
  passText(): void {
    const start = this.#passString();
    for (let at = start; at < this.position; at++) {
      if ((this.bytes[at] ?? 0) < 0x80) continue;
      this.#decodeText(start);
      return;
    }
  }

  /** Reads a whole text. */
  readText(what: string): string {
    this.expect(3, what);
    return this.takeText();
  }

  /** The binary64 whose head was read last. */
  takeFloat(): number {
    const start = this.position;
    if (start + 8 > this.bytes.length) this.fail("the bytes end inside a value");
    for (let at = 0; at < 8; at++) floatBytes[at] = this.bytes[start + at] ?? 0;
    this.position = start + 8;
    const value = floatView.getFloat64(0);
    // A NaN's other bits differ between processors, so one pattern stands for all.
    if (Number.isNaN(value) && (floatView.getUint32(0) !== 0x7ff80000 || floatView.getUint32(4) !== 0))
      this.fail("a NaN is not the canonical one");
    return value;
  }

  /** Whether the value whose head was read last is a float. */
  isFloat(): boolean {
    return this.major === 7 && this.#information === 27;
  }

  /** Checks that the item at `start` comes after the item before it: sorted bytewise, none twice. */
  checkOrder(previousStart: number, previousEnd: number, start: number, end: number): void {
    const { bytes } = this;
    const length = Math.min(previousEnd - previousStart, end - start);
    for (let at = 0; at < length; at++) {
      const difference = (bytes[start + at] ?? 0) - (bytes[previousStart + at] ?? 0);
      if (difference > 0) return;
      if (difference < 0) this.fail("keys or elements are not sorted");
    }
    if (end - start <= previousEnd - previousStart) this.fail("a key or element occurs twice");
  }

  /** Checks that nothing follows the value. */
  finish(): void {
    if (this.position !== this.bytes.length) this.fail("bytes follow the value");
  }

  /** Throws the caller's kind of error with the offset at which reading stopped. */
  fail(problem: string): never {
    throw new SameseedError(this.code, `recorded bytes are not canonical: ${problem}`, {
      context: { problem, offset: this.position },
    });
  }

  #decodeText(start: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, this.position));
    } catch {
      return this.fail("a text is not valid UTF-8");
    }
  }

  #passString(): number {
    const start = this.position;
    if (this.argument > this.bytes.length - start)
      this.fail("a string is longer than the bytes that are left");
    this.position = start + this.argument;
    return start;
  }

  #readLongArgument(information: number): void {
    const { bytes, position } = this;
    if (information > 27) this.fail("a length is indefinite or of a reserved form");
    const size = 1 << (information - 24);
    if (position + size > bytes.length) this.fail("the bytes end inside a value");
    this.position = position + size;
    if (size === 8) {
      this.#high = this.#word(position, 4);
      this.#low = this.#word(position + 4, 4);
      this.argument = this.#high * 0x1_0000_0000 + this.#low;
      if (this.#high === 0) this.fail("a number is not in its shortest form");
      return;
    }
    this.argument = this.#word(position, size);
    const smallest = size === 1 ? 24 : size === 2 ? 0x100 : 0x1_0000;
    if (this.argument < smallest) this.fail("a number is not in its shortest form");
  }

  #word(start: number, size: number): number {
    let word = 0;
    for (let at = start; at < start + size; at++) word = (word << 8) | (this.bytes[at] ?? 0);
    return word >>> 0;
  }

  /** Major type 7 allows binary64 alone among its long forms. */
  #checkFloat(information: number): void {
    if (information !== 27) this.fail("a short float or simple value is not of the profile");
    this.argument = 0;
  }
}
