/*
 * A text that says everything about a decoded value, its types included, and that `decode_server.py` makes in the same form:
 * a letter for the type and then its content, numbers and texts as hexadecimal digits of their bits, parts without an order
 * sorted as texts.
 */
import type { CborField, CborValue } from "../../../src/model/cbor/value.ts";

/** The description of a value. */
export function describeValue(value: CborValue): string {
  switch (value.type) {
    case "null":
      return "n";
    case "bool":
      return value.value ? "t" : "f";
    case "int":
      return `i${value.value.toString(16)}`;
    case "float":
      return `d${doubleBits(value.value)}`;
    case "text":
      return textOf(value.value);
    case "bytes":
      return bytesOf(value.value);
    case "list":
    case "tuple":
      return `${value.type}[${value.items.map(describeValue).join()}]`;
    case "set":
    case "frozenset":
      return `${value.type}[${value.items.map(describeValue).toSorted().join()}]`;
    case "map":
      return `map[${fields(value.entries).toSorted().join()}]`;
    case "pairs":
      return `pairs[${value.entries
        .map((pair) => pair.map(describeValue).join("="))
        .toSorted()
        .join()}]`;
    case "namedtuple":
      return `namedtuple ${textOf(value.name)}[${fields(value.entries).join()}]`;
    case "dataclass":
      return `dataclass ${textOf(value.name)}[${fields(value.entries).toSorted().join()}]`;
    case "enum": {
      const member = value.member === null ? "n" : textOf(value.member);
      return `enum ${textOf(value.name)} ${member}=${describeValue(value.value)}`;
    }
    case "typed":
      return `typed ${textOf(value.name)}=${describeValue(value.value)}`;
    case "ndarray":
      return `${value.dtype}(${value.shape.join()})${bytesOf(value.data)}`;
    case "stringarray": {
      const items = value.items.map((item) => (typeof item === "string" ? textOf(item) : bytesOf(item)));
      return `${value.dtype}${value.width}(${value.shape.join()})[${items.join()}]`;
    }
    case "opaque":
      break;
  }
  return `opaque ${textOf(value.name)}`;
}

function fields(entries: readonly CborField[]): string[] {
  return entries.map(([name, value]) => `${textOf(name)}=${describeValue(value)}`);
}

function doubleBits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Number.isNaN(value) ? "nan" : bytes.toString("hex");
}

function textOf(text: string): string {
  return `s${Buffer.from(text).toString("hex")}`;
}

function bytesOf(bytes: Uint8Array): string {
  return `b${Buffer.from(bytes).toString("hex")}`;
}
