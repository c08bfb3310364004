import { tags } from "../../../../src/model/cbor/tags.ts";
import type { CborField, CborValue, ElementType } from "../../../../src/model/cbor/value.ts";

/** RFC 8746's tags, written down once more so that a wrong one in the decoder is noticed. */
const elementTags: Readonly<Record<ElementType, number>> = {
  uint8: 64,
  uint16: 69,
  uint32: 70,
  uint64: 71,
  int8: 72,
  int16: 77,
  int32: 78,
  int64: 79,
  float16: 84,
  float32: 85,
  float64: 86,
  bool: tags.booleans,
};

/** Encodes a value canonically: a plain second implementation, to check the decoder against. */
export function encodeCbor(value: CborValue): Buffer {
  switch (value.type) {
    case "null":
      return Buffer.from([0xf6]);
    case "bool":
      return Buffer.from([value.value ? 0xf5 : 0xf4]);
    case "int":
      return encodeInteger(value.value);
    case "float":
      return encodeFloat(value.value);
    case "text":
      return encodeText(value.value);
    case "bytes":
      return Buffer.concat([head(2, value.value.length), value.value]);
    case "list":
      return encodeList(value.items.map(encodeCbor));
    case "tuple":
      return tagged(tags.tuple, encodeList(value.items.map(encodeCbor)));
    case "set":
      return tagged(tags.set, encodeList(sorted(value.items)));
    case "frozenset":
      return tagged(tags.frozenset, encodeList(sorted(value.items)));
    case "map":
      return encodeMap(value.entries);
    case "pairs":
      return tagged(tags.pairs, encodeList(encodePairs(value.entries)));
    case "namedtuple":
    case "dataclass":
    case "enum":
    case "typed":
    case "ndarray":
    case "stringarray":
    case "opaque":
      break;
  }
  return encodeNamed(value);
}

type Named = Extract<
  CborValue,
  { type: "namedtuple" | "dataclass" | "enum" | "typed" | "ndarray" | "stringarray" | "opaque" }
>;

function encodeNamed(value: Named): Buffer {
  if (value.type === "opaque") return tagged(tags.opaque, encodeText(value.name));
  if (value.type === "ndarray" || value.type === "stringarray") return encodeArray(value);
  const name = encodeText(value.name);
  if (value.type === "typed") return tagged(tags.typed, encodeList([name, encodeCbor(value.value)]));
  if (value.type === "enum") {
    const member = value.member === null ? Buffer.from([0xf6]) : encodeText(value.member);
    return tagged(tags.enum, encodeList([name, member, encodeCbor(value.value)]));
  }
  if (value.type === "dataclass") return tagged(tags.dataclass, encodeList([name, encodeMap(value.entries)]));
  const names = encodeList(value.entries.map(([field]) => encodeText(field)));
  const values = encodeList(value.entries.map(([, inner]) => encodeCbor(inner)));
  return tagged(tags.namedTuple, encodeList([name, names, values]));
}

function encodeArray(value: Extract<CborValue, { type: "ndarray" | "stringarray" }>): Buffer {
  const shape = encodeList(value.shape.map((size) => head(0, size)));
  if (value.type === "ndarray") {
    const data = Buffer.concat([head(2, value.data.length), value.data]);
    return tagged(tags.array, encodeList([shape, tagged(elementTags[value.dtype], data)]));
  }
  const items = value.items.map((item) =>
    typeof item === "string" ? encodeText(item) : Buffer.concat([head(2, item.length), item]),
  );
  const content = encodeList([head(0, value.width), encodeList(items)]);
  const tag = value.dtype === "str" ? tags.texts : tags.byteStrings;
  return tagged(tags.array, encodeList([shape, tagged(tag, content)]));
}

/** A head with its shortest argument. */
export function head(major: number, argument: number | bigint): Buffer {
  const wide = BigInt(argument);
  const first = major << 5;
  if (wide < 24n) return Buffer.from([first | Number(wide)]);
  if (wide < 0x100n) return Buffer.from([first | 24, Number(wide)]);
  const size = wide < 0x1_0000n ? 2 : wide < 0x1_0000_0000n ? 4 : 8;
  const bytes = Buffer.from(wide.toString(16).padStart(2 * size, "0"), "hex");
  return Buffer.concat([Buffer.from([first | (size === 2 ? 25 : size === 4 ? 26 : 27)]), bytes]);
}

/** A tag and its content. */
export function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([head(6, tag), content]);
}

function encodeInteger(value: bigint): Buffer {
  const magnitude = value < 0n ? -1n - value : value;
  if (magnitude < 1n << 64n) return head(value < 0n ? 1 : 0, magnitude);
  const digits = magnitude.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  const tag = value < 0n ? tags.negativeBignum : tags.positiveBignum;
  return tagged(tag, Buffer.concat([head(2, bytes.length), bytes]));
}

function encodeFloat(value: number): Buffer {
  if (Number.isNaN(value)) return Buffer.from("fb7ff8000000000000", "hex");
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([head(3, bytes.length), bytes]);
}

function encodeList(items: readonly Buffer[]): Buffer {
  return Buffer.concat([head(4, items.length), ...items]);
}

function sorted(items: readonly CborValue[]): readonly Buffer[] {
  return items.map(encodeCbor).toSorted((a, b) => Buffer.compare(a, b));
}

function encodeMap(entries: readonly CborField[]): Buffer {
  const encoded = entries.map(([name, value]) => [encodeText(name), encodeCbor(value)] as const);
  const inOrder = encoded.toSorted((a, b) => Buffer.compare(a[0], b[0]));
  return Buffer.concat([head(5, entries.length), ...inOrder.flat()]);
}

function encodePairs(entries: readonly (readonly [CborValue, CborValue])[]): readonly Buffer[] {
  const encoded = entries.map(([key, value]) => [encodeCbor(key), encodeCbor(value)] as const);
  return encoded.toSorted((a, b) => Buffer.compare(a[0], b[0])).map((pair) => encodeList(pair));
}
