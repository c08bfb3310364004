/* The parts that `generate-bytes.ts` puts together: heads, numbers, texts and arrays, each of which may slip. */
import { tags } from "../../../src/model/cbor/tags.ts";
import { head, tagged } from "../../unit/model/cbor/encode-cbor.ts";
import type { SeededNumbers } from "../mutate-bytes.ts";

const slipsOneIn = 60;
const borders = [
  0n,
  1n,
  23n,
  24n,
  255n,
  256n,
  65_535n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
];
const wideBorders = [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 61n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const numberTags = [64, 69, 70, 71, 72, 77, 78, 79, 84, 85, 86, tags.booleans];
const elementSizes = [1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 1];
const greatWidths = [0, 5000, 5000, 70_000, 2 ** 29 - 1, 2 ** 29, 2 ** 31 - 1, 2 ** 31];
const texts = [
  "",
  "a",
  "b",
  "aa",
  "k",
  "ä",
  "😀",
  "\0",
  "a\0",
  "__array_interface__",
  "\ufeff",
  "x".repeat(30),
];

/** Whether something goes wrong here. */
export function slips(numbers: SeededNumbers): boolean {
  return numbers.below(slipsOneIn) === 0;
}

/** A head; with a slip one that is too long, or any. */
export function anyHead(numbers: SeededNumbers, major: number, argument: number | bigint): Buffer {
  if (!slips(numbers)) return head(major, argument);
  const wide = Buffer.alloc(9, (major << 5) | 27);
  wide.writeBigUInt64BE(BigInt(argument), 1);
  return numbers.below(2) === 0 ? wide : head(numbers.below(8), numbers.oneOf([...borders, ...wideBorders]));
}

/** A byte string. */
export function byteString(numbers: SeededNumbers, content: Uint8Array): Buffer {
  return Buffer.concat([anyHead(numbers, 2, content.length), content]);
}

/** A text; with a slip one that may be no UTF-8. */
export function text(numbers: SeededNumbers): Buffer {
  const content = slips(numbers) ? numbers.bytes(1 + numbers.below(4)) : Buffer.from(numbers.oneOf(texts));
  return Buffer.concat([anyHead(numbers, 3, content.length), content]);
}

/** An array of items; with a slip its head counts one too many or too few. */
export function list(numbers: SeededNumbers, items: readonly Buffer[]): Buffer {
  const count = slips(numbers) ? items.length + numbers.below(3) - 1 : items.length;
  return Buffer.concat([anyHead(numbers, 4, Math.max(0, count)), ...items]);
}

/** A tag and its content. */
export function tag(numbers: SeededNumbers, number: number, content: Buffer): Buffer {
  return slips(numbers) ? Buffer.concat([anyHead(numbers, 6, number), content]) : tagged(number, content);
}

/** Up to three parts. */
export function some(numbers: SeededNumbers, make: () => Buffer): Buffer[] {
  return Array.from({ length: numbers.below(4) }, make);
}

/** In canonical order and none twice, but for slips. */
export function inOrder<T>(
  numbers: SeededNumbers,
  items: readonly T[],
  encodingOf: (item: T) => Buffer,
): T[] {
  if (slips(numbers)) return [...items];
  const sorted = items.toSorted((a, b) => Buffer.compare(encodingOf(a), encodingOf(b)));
  return sorted.filter((item, at) => at === 0 || !encodingOf(item).equals(encodingOf(sorted[at - 1]!)));
}

/** An integer, more often than not where heads change their form. */
export function integer(numbers: SeededNumbers): Buffer {
  const kind = numbers.below(4);
  if (kind === 0) return head(numbers.below(2), numbers.below(30));
  if (kind < 3) return anyHead(numbers, numbers.below(2), numbers.oneOf([...borders, ...wideBorders]));
  const content = numbers.bytes(numbers.oneOf([8, 9, 9, 10, 16, 1024, 1025]));
  if (content[0] === 0 && !slips(numbers)) content[0] = 1;
  return tag(
    numbers,
    numbers.oneOf([tags.positiveBignum, tags.negativeBignum]),
    byteString(numbers, content),
  );
}

/** A float, often a special one. */
export function float(numbers: SeededNumbers): Buffer {
  const special = [
    "7ff8000000000000",
    "7ff0000000000000",
    "8000000000000000",
    "3ff0000000000000",
    "43f0000000000000",
  ];
  const bits = slips(numbers) ? numbers.bytes(8) : Buffer.from(numbers.oneOf(special), "hex");
  return Buffer.concat([Buffer.from([slips(numbers) ? 0xf8 + numbers.below(4) : 0xfb]), bits]);
}

function shapeOf(numbers: SeededNumbers): number[] {
  const rank = slips(numbers) ? numbers.oneOf([31, 32, 33, 63, 64, 65]) : numbers.below(3);
  const shape = Array.from({ length: rank }, () => (rank > 3 ? 1 : numbers.below(3)));
  if (numbers.below(8) === 0) shape.push(0, Number(numbers.oneOf(borders)));
  return shape;
}

/** A numeric array or, of shape [], a scalar. */
export function array(numbers: SeededNumbers, shape: readonly number[] = shapeOf(numbers)): Buffer {
  const sizes = list(
    numbers,
    shape.map((length) => anyHead(numbers, 0, length)),
  );
  const count = Math.min(64, shape.reduce((product, size) => product * size, 1) + (slips(numbers) ? 1 : 0));
  const kind = numbers.below(numberTags.length);
  const size = elementSizes[kind]!;
  const data = numbers.bytes(count * size);
  const type = numberTags[kind]!;
  if (type === tags.booleans && !slips(numbers)) for (let at = 0; at < data.length; at++) data[at]! &= 1;
  // Small numbers are equal to others more often than chance would have it.
  if (numbers.below(2) === 0) for (let at = 0; at < data.length; at++) data[at] = at % size === 0 ? 1 : 0;
  return tag(numbers, tags.array, list(numbers, [sizes, tag(numbers, type, byteString(numbers, data))]));
}

/** An array of texts or byte strings or, of shape [], a scalar. */
export function strings(numbers: SeededNumbers, shape: readonly number[] = shapeOf(numbers)): Buffer {
  const sizes = list(
    numbers,
    shape.map((length) => anyHead(numbers, 0, length)),
  );
  const count = Math.min(
    64,
    shape.reduce((product, size) => product * size, 1),
  );
  const isText = numbers.below(2) === 0;
  const items = Array.from({ length: count }, () =>
    isText ? text(numbers) : byteString(numbers, numbers.bytes(numbers.below(3))),
  );
  const width = numbers.oneOf(slips(numbers) ? greatWidths : [1, 1, 1, 2, 3, 30, 31, 200]);
  const content = list(numbers, [anyHead(numbers, 0, width), list(numbers, items)]);
  return tag(
    numbers,
    tags.array,
    list(numbers, [sizes, tag(numbers, isText ? tags.texts : tags.byteStrings, content)]),
  );
}
