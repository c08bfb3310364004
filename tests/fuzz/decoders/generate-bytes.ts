/*
 * Makes bytes that are canonical CBOR, or nearly: each part may slip, so that a head is longer than it has to be, keys are
 * out of order, a shape has other elements than there are. What matters to one decoder only by its language is made on
 * purpose: sets of values that Python holds equal, arrays without elements, texts of a great width, depths near the limits.
 */
import { tags } from "../../../src/model/cbor/tags.ts";
import { head, tagged } from "../../unit/model/cbor/encode-cbor.ts";
import type { SeededNumbers } from "../mutate-bytes.ts";
import {
  anyHead,
  array,
  byteString,
  float,
  inOrder,
  integer,
  list,
  slips,
  some,
  strings,
  tag,
  text,
} from "./generate-parts.ts";

/** What can be an element of a set, often equal to another one of another encoding; with a slip anything. */
function hashable(numbers: SeededNumbers, depth: number): Buffer {
  if (slips(numbers)) return value(numbers, depth + 1);
  const inner = (): Buffer => hashable(numbers, depth + 1);
  switch (numbers.below(depth > 3 ? 8 : 12)) {
    case 0:
    case 1:
      return integer(numbers);
    case 2:
      return float(numbers);
    case 3:
      return Buffer.from([numbers.oneOf([0xf4, 0xf5, 0xf6])]);
    case 4:
      return text(numbers);
    case 5:
      return byteString(numbers, numbers.bytes(numbers.below(2)));
    case 6:
      return array(numbers, []);
    case 7:
      return strings(numbers, []);
    case 8:
    case 9:
      return tag(numbers, tags.tuple, list(numbers, some(numbers, inner)));
    case 10:
      return elements(numbers, tags.frozenset, depth);
    default:
      return named(numbers, inner);
  }
}

function elements(numbers: SeededNumbers, kind: number, depth: number): Buffer {
  const items = some(numbers, () => hashable(numbers, depth + 1));
  return tag(
    numbers,
    kind,
    list(
      numbers,
      inOrder(numbers, items, (item) => item),
    ),
  );
}

function pairs(numbers: SeededNumbers, depth: number): Buffer {
  const entries = some(numbers, () => hashable(numbers, depth + 1)).map((key) => [
    key,
    value(numbers, depth + 1),
  ]);
  const sorted = inOrder(numbers, entries, ([key]) => key!);
  return tag(
    numbers,
    tags.pairs,
    list(
      numbers,
      sorted.map((entry) => list(numbers, entry)),
    ),
  );
}

function map(numbers: SeededNumbers, make: () => Buffer): Buffer {
  const entries = some(numbers, () => text(numbers)).map((key) => [key, make()] as const);
  const sorted = inOrder(numbers, entries, ([key]) => key);
  return Buffer.concat([anyHead(numbers, 5, sorted.length), ...sorted.flat()]);
}

function named(numbers: SeededNumbers, make: () => Buffer): Buffer {
  const name = text(numbers);
  switch (numbers.below(5)) {
    case 4:
      return tag(numbers, tags.typed, list(numbers, [name, make()]));
    case 0: {
      const values = some(numbers, make);
      const fields = values.map((_, at) => (slips(numbers) ? text(numbers) : Buffer.from([0x61, 0x61 + at])));
      return tag(
        numbers,
        tags.namedTuple,
        list(numbers, [name, list(numbers, fields), list(numbers, values)]),
      );
    }
    case 1:
      return tag(numbers, tags.dataclass, list(numbers, [name, map(numbers, make)]));
    case 2:
      return tag(numbers, tags.opaque, name);
    default: {
      const member = slips(numbers) ? make() : numbers.oneOf([Buffer.from([0xf6]), text(numbers)]);
      return tag(numbers, tags.enum, list(numbers, [name, member, make()]));
    }
  }
}

/** A value in as many containers as come near a limit. */
function deep(numbers: SeededNumbers): Buffer {
  const target = numbers.oneOf([32, 64]) + numbers.below(7) - 5;
  let made = numbers.below(2) === 0 ? value(numbers, 9) : numbers.oneOf([array, strings, integer])(numbers);
  const wraps: readonly (readonly [number, (inner: Buffer) => Buffer])[] = [
    [1, (inner) => Buffer.concat([head(4, 1), inner])],
    [1, (inner) => Buffer.concat([Buffer.from("a16161", "hex"), inner])],
    [2, (inner) => tagged(tags.tuple, Buffer.concat([head(4, 1), inner]))],
    [3, (inner) => tagged(tags.pairs, Buffer.concat([Buffer.from("818200", "hex"), inner]))],
    [2, (inner) => tagged(tags.enum, Buffer.concat([Buffer.from("836145f6", "hex"), inner]))],
    [3, (inner) => tagged(tags.dataclass, Buffer.concat([Buffer.from("826144a16161", "hex"), inner]))],
    [
      3,
      (inner) =>
        tagged(tags.namedTuple, Buffer.concat([Buffer.from("836144816161", "hex"), head(4, 1), inner])),
    ],
    [2, (inner) => tagged(tags.typed, Buffer.concat([Buffer.from("826154", "hex"), inner]))],
    [2, (inner) => tagged(tags.frozenset, Buffer.concat([head(4, 1), inner]))],
  ];
  const kinds = numbers.oneOf([2, 4, wraps.length]);
  for (let depth = 0; depth < target;) {
    const [adds, wrap] = wraps[numbers.below(kinds)]!;
    made = wrap(made);
    depth += adds;
  }
  return made;
}

function value(numbers: SeededNumbers, depth: number): Buffer {
  const inner = (): Buffer => value(numbers, depth + 1);
  switch (numbers.below(depth > 4 ? 9 : 16)) {
    case 0:
      return integer(numbers);
    case 1:
      return float(numbers);
    case 2:
      return Buffer.from([slips(numbers) ? 0xe0 + numbers.below(32) : numbers.oneOf([0xf4, 0xf5, 0xf6])]);
    case 3:
      return text(numbers);
    case 4:
      return byteString(numbers, numbers.bytes(numbers.below(4)));
    case 5:
      return array(numbers, []);
    case 6:
      return array(numbers);
    case 7:
      return strings(numbers, []);
    case 8:
      return strings(numbers);
    case 9:
      return list(numbers, some(numbers, inner));
    case 10:
      return tag(numbers, tags.tuple, list(numbers, some(numbers, inner)));
    case 11:
      return elements(numbers, numbers.oneOf([tags.set, tags.frozenset]), depth);
    case 12:
      return pairs(numbers, depth);
    case 13:
      return map(numbers, inner);
    default:
      return named(numbers, inner);
  }
}

/** Bytes that are canonical CBOR, or nearly. */
export function generateBytes(numbers: SeededNumbers): Buffer {
  return numbers.below(6) === 0 ? deep(numbers) : value(numbers, 0);
}
