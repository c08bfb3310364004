import { readTagged } from "./decode.ts";
import { CborReader, type BadBytesCode } from "./reader.ts";

/** Where the value of one top-level key of a record lies. */
export interface FieldSpan {
  readonly name: string;
  /** Offset of the value's first byte. */
  readonly start: number;
  /** Offset after its last byte. */
  readonly end: number;
}

// Keys of format 2 by length. Comparing a few bytes is several times cheaper than making a new string per field.
const knownNames: readonly (readonly string[])[] = namesByLength([
  "k",
  "end",
  "info",
  "error",
  "action",
  "hidden",
  "reward",
  "truncated",
  "terminated",
  "observation",
]);

/**
 * The fields of a record: the spans of its top-level values, in the map's order. The whole record is checked as
 * strictly as {@link decodeCbor} does, but without building its values: this runs once for every recorded step.
 *
 * @throws {@link SameseedError} `code`
 */
export function fieldSpans(record: Uint8Array, code: BadBytesCode): readonly FieldSpan[] {
  const reader = new CborReader(record, code);
  const spans: FieldSpan[] = [];
  const count = readMapHead(reader);
  let previousStart = 0;
  let previousEnd = 0;
  for (let at = 0; at < count; at++) {
    const keyStart = reader.position;
    reader.expect(3, "a text key");
    const name = takeName(reader);
    const start = reader.position;
    if (at > 0) reader.checkOrder(previousStart, previousEnd, keyStart, start);
    previousStart = keyStart;
    previousEnd = start;
    passValue(reader, 1);
    spans.push({ name, start, end: reader.position });
  }
  reader.finish();
  return spans;
}

/**
 * The encoded items of an encoded list, as views of its bytes.
 *
 * @throws {@link SameseedError} `code`
 */
export function encodedItems(list: Uint8Array, code: BadBytesCode): Uint8Array[] {
  const reader = new CborReader(list, code);
  reader.expect(4, "a list");
  const items: Uint8Array[] = [];
  for (let left = reader.takeCount(1); left > 0; left--) {
    const start = reader.position;
    passValue(reader, 1);
    items.push(list.subarray(start, reader.position));
  }
  reader.finish();
  return items;
}

function readMapHead(reader: CborReader): number {
  reader.expect(5, "a map");
  return reader.takeCount(2);
}

/** Moves past the value at the cursor and checks it; `depth` is the number of arrays, maps and tags around it. */
function passValue(reader: CborReader, depth: number): void {
  reader.readHead();
  switch (reader.major) {
    case 0:
    case 1:
      return;
    case 2:
      reader.passBytes();
      return;
    case 3:
      reader.passText();
      return;
    case 4:
      passItems(reader, depth);
      return;
    case 5:
      passEntries(reader, depth);
      return;
    case 6:
      // Tagged values are few and small in most records; reading them checks what they hold.
      readTagged(reader, depth);
      return;
    default:
      if (reader.isFloat()) reader.takeFloat();
      else if (reader.argument < 20 || reader.argument > 22)
        reader.fail("a simple value is not of the profile");
  }
}

function passItems(reader: CborReader, outer: number): void {
  const depth = reader.enter(outer);
  const count = reader.takeCount(1);
  for (let at = 0; at < count; at++) passValue(reader, depth);
}

function passEntries(reader: CborReader, outer: number): void {
  const depth = reader.enter(outer);
  const count = reader.takeCount(2);
  let previousStart = 0;
  let previousEnd = 0;
  for (let at = 0; at < count; at++) {
    const start = reader.position;
    reader.expect(3, "a text key");
    reader.passText();
    const end = reader.position;
    if (at > 0) reader.checkOrder(previousStart, previousEnd, start, end);
    previousStart = start;
    previousEnd = end;
    passValue(reader, depth);
  }
}

function takeName(reader: CborReader): string {
  const start = reader.position;
  for (const name of knownNames[reader.argument] ?? [])
    if (startsWith(reader.bytes, start, name)) {
      reader.position = start + name.length;
      return name;
    }
  return reader.takeText();
}

function startsWith(bytes: Uint8Array, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}

function namesByLength(names: readonly string[]): readonly (readonly string[])[] {
  const table: string[][] = [];
  for (const name of names) (table[name.length] ??= []).push(name);
  return Array.from(table, (row) => row ?? []);
}
