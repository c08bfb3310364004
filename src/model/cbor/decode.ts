import { readArray } from "./arrays.ts";
import { checkDistinct } from "./equality.ts";
import { CborReader, type BadBytesCode } from "./reader.ts";
import { tags } from "./tags.ts";
import type { CborField, CborPair, CborValue } from "./value.ts";

// One-byte values are shared: a record of a million of them takes a reference each.
const nullValue: CborValue = { type: "null" };
const falseValue: CborValue = { type: "bool", value: false };
const trueValue: CborValue = { type: "bool", value: true };
const smallInts: readonly CborValue[] = Array.from({ length: 24 }, (_, n) => ({
  type: "int",
  value: BigInt(n),
}));

/**
 * Decodes one value of the canonical CBOR profile, strictly: bytes that are not the one encoding of a value
 * are refused. Byte strings and arrays are views of `bytes`.
 *
 * @param code - what the thrown error is called: stored bytes are damaged, live ones break the protocol
 * @param options - `opaque` allows stand-ins for values without an encoding, as VOLATILE frames hold them
 * @throws {@link SameseedError} `code`
 */
export function decodeCbor(
  bytes: Uint8Array,
  code: BadBytesCode,
  options: { readonly opaque?: boolean } = {},
): CborValue {
  const reader = new CborReader(bytes, code, options.opaque);
  const value = readValue(reader, 0);
  reader.finish();
  return value;
}

/** Reads the value at the cursor; `depth` is the number of arrays, maps and tags around it. */
export function readValue(reader: CborReader, depth: number): CborValue {
  reader.readHead();
  switch (reader.major) {
    case 0:
      return smallInts[reader.argument] ?? { type: "int", value: reader.wideArgument() };
    case 1:
      return { type: "int", value: -1n - reader.wideArgument() };
    case 2:
      return { type: "bytes", value: reader.takeBytes() };
    case 3:
      return { type: "text", value: reader.takeText() };
    case 4:
      return { type: "list", items: readItems(reader, depth) };
    case 5:
      return { type: "map", entries: readEntries(reader, depth) };
    case 6:
      return readTagged(reader, depth);
    default:
      return readSimple(reader);
  }
}

/** Reads what follows a tag's head, which was read. */
export function readTagged(reader: CborReader, outer: number): CborValue {
  const tag = reader.argument;
  const depth = reader.enter(outer);
  switch (tag) {
    case tags.array:
      return readArray(reader, depth);
    case tags.tuple:
      reader.expect(4, "the list of a tuple's items");
      return { type: "tuple", items: readItems(reader, depth) };
    case tags.set:
    case tags.frozenset:
      return { type: tag === tags.set ? "set" : "frozenset", items: readSorted(reader, depth) };
    case tags.pairs:
      return { type: "pairs", entries: readPairs(reader, depth) };
    case tags.namedTuple:
      return readNamedTuple(reader, depth);
    case tags.dataclass:
      return readDataclass(reader, depth);
    case tags.enum:
      return readEnum(reader, depth);
    case tags.typed:
      return readTyped(reader, depth);
    case tags.positiveBignum:
    case tags.negativeBignum:
      return { type: "int", value: readBignum(reader, tag) };
    case tags.opaque:
      if (!reader.opaque) reader.fail("a value without an encoding is in the chain");
      return { type: "opaque", name: reader.readText("a type name") };
    default:
      return reader.fail(`tag ${tag} is not of the profile`);
  }
}

function readSimple(reader: CborReader): CborValue {
  if (reader.isFloat()) return { type: "float", value: reader.takeFloat() };
  switch (reader.argument) {
    case 20:
      return falseValue;
    case 21:
      return trueValue;
    case 22:
      return nullValue;
    default:
      return reader.fail("a simple value is not of the profile");
  }
}

function readBignum(reader: CborReader, tag: number): bigint {
  reader.expect(2, "the bytes of an integer");
  const bytes = reader.takeBytes();
  if (bytes.length < 9 || bytes[0] === 0) reader.fail("a number is not in its shortest form");
  const digits: string[] = [];
  for (const byte of bytes) digits.push(byte.toString(16).padStart(2, "0"));
  const magnitude = BigInt(`0x${digits.join("")}`);
  return tag === tags.positiveBignum ? magnitude : -1n - magnitude;
}

/** Reads the items of an array whose head was read. */
function readItems(reader: CborReader, outer: number): readonly CborValue[] {
  const depth = reader.enter(outer);
  const count = reader.takeCount(1);
  const items: CborValue[] = [];
  for (let at = 0; at < count; at++) items.push(readValue(reader, depth));
  return items;
}

/** Reads the entries of a map whose head was read: sorted text keys, none twice. */
function readEntries(reader: CborReader, outer: number): readonly CborField[] {
  const depth = reader.enter(outer);
  const count = reader.takeCount(2);
  const entries: CborField[] = [];
  let previousStart = 0;
  let previousEnd = 0;
  for (let at = 0; at < count; at++) {
    const start = reader.position;
    const name = reader.readText("a text key");
    const end = reader.position;
    if (at > 0) reader.checkOrder(previousStart, previousEnd, start, end);
    previousStart = start;
    previousEnd = end;
    entries.push([name, readValue(reader, depth)]);
  }
  return entries;
}

/** Reads an array whose items are sorted by their encodings, none twice. */
function readSorted(reader: CborReader, outer: number): readonly CborValue[] {
  reader.expect(4, "the list of a set's elements");
  const depth = reader.enter(outer);
  const count = reader.takeCount(1);
  const items: CborValue[] = [];
  let previousStart = 0;
  for (let at = 0; at < count; at++) {
    const start = reader.position;
    items.push(readValue(reader, depth));
    if (at > 0) reader.checkOrder(previousStart, start, start, reader.position);
    previousStart = start;
  }
  checkDistinct(reader, items);
  return items;
}

function readPairs(reader: CborReader, outer: number): readonly CborPair[] {
  reader.expect(4, "a list of pairs");
  const depth = reader.enter(outer);
  const inner = reader.enter(depth);
  const count = reader.takeCount(1);
  const entries: CborPair[] = [];
  let previousStart = 0;
  let previousEnd = 0;
  for (let at = 0; at < count; at++) {
    reader.expectArray(2, "a key and its value");
    const start = reader.position;
    const key = readValue(reader, inner);
    const end = reader.position;
    if (at > 0) reader.checkOrder(previousStart, previousEnd, start, end);
    previousStart = start;
    previousEnd = end;
    entries.push([key, readValue(reader, inner)]);
  }
  if (entries.every(([key]) => key.type === "text")) reader.fail("a map of texts is written as pairs");
  checkDistinct(
    reader,
    entries.map(([key]) => key),
  );
  return entries;
}

function readNamedTuple(reader: CborReader, outer: number): CborValue {
  reader.expectArray(3, "a type name, field names and values");
  const depth = reader.enter(outer);
  const name = reader.readText("a type name");
  reader.expect(4, "a list of field names");
  reader.enter(depth);
  const count = reader.takeCount(1);
  const names = new Set<string>();
  for (let at = 0; at < count; at++) names.add(reader.readText("a field name"));
  reader.expectArray(count, "one value for each field");
  if (names.size !== count) reader.fail("a field occurs twice");
  const values = readItems(reader, depth);
  const entries = Array.from(names, (field, at): CborField => [field, values[at] ?? nullValue]);
  return { type: "namedtuple", name, entries };
}

function readDataclass(reader: CborReader, outer: number): CborValue {
  reader.expectArray(2, "a type name and a map of fields");
  const depth = reader.enter(outer);
  const name = reader.readText("a type name");
  reader.expect(5, "a map of fields");
  return { type: "dataclass", name, entries: readEntries(reader, depth) };
}

function readTyped(reader: CborReader, outer: number): CborValue {
  reader.expectArray(2, "a type name and a value");
  const depth = reader.enter(outer);
  const name = reader.readText("a type name");
  return { type: "typed", name, value: readValue(reader, depth) };
}

function readEnum(reader: CborReader, outer: number): CborValue {
  reader.expectArray(3, "a type name, a member and its value");
  const depth = reader.enter(outer);
  const name = reader.readText("a type name");
  const member = readValue(reader, depth);
  if (member.type !== "text" && member.type !== "null") reader.fail("a member's name is expected");
  const value = readValue(reader, depth);
  return { type: "enum", name, member: member.type === "text" ? member.value : null, value };
}
