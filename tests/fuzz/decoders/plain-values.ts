/*
 * The plain profile of docs/trajectory-format.md, written a second time and over values: the host has no use for it, so the
 * Python decoder is held against this.
 */
import type { CborValue } from "../../../src/model/cbor/value.ts";

const maxDepth = 32;
const maxIntegerBytes = 1024n;
const paddingPerByte = 64;

/** Whether a value that was decoded from so many bytes is plain. */
export function isPlain(value: CborValue, bytes: number): boolean {
  const padded = { bytes: 0 };
  return fits(value, 0, padded) && padded.bytes <= paddingPerByte * bytes;
}

function isWide(value: bigint): boolean {
  return value >= 2n ** 64n || value < -(2n ** 64n);
}

function fits(value: CborValue, depth: number, padded: { bytes: number }): boolean {
  const within = (levels: number): boolean => depth + levels <= maxDepth;
  switch (value.type) {
    case "int": {
      const magnitude = value.value < 0n ? -1n - value.value : value.value;
      return !isWide(value.value) || (within(1) && magnitude < 2n ** (8n * maxIntegerBytes));
    }
    case "list":
      return within(1) && value.items.every((item) => fits(item, depth + 1, padded));
    case "tuple":
      return within(2) && value.items.every((item) => fits(item, depth + 2, padded));
    case "map":
      return within(1) && value.entries.every(([, item]) => fits(item, depth + 1, padded));
    case "pairs":
      return (
        within(3) && value.entries.every(([key, item]) => isPlainKey(key) && fits(item, depth + 3, padded))
      );
    case "ndarray":
      return within(3);
    case "stringarray": {
      const unit = value.dtype === "str" ? 4 : 1;
      padded.bytes += unit * value.width * Math.max(1, value.items.length);
      return within(5);
    }
    case "set":
    case "frozenset":
    case "namedtuple":
    case "dataclass":
    case "enum":
    case "typed":
    case "opaque":
      return false;
    case "null":
    case "bool":
    case "float":
    case "text":
    case "bytes":
      break;
  }
  return true;
}

function isPlainKey(key: CborValue): boolean {
  if (key.type === "int") return !isWide(key.value);
  return ["null", "bool", "float", "text", "bytes"].includes(key.type);
}
