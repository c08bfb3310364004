import { partOfText } from "../base/cut-text.ts";
import { elementReader } from "../model/cbor/elements.ts";
import { cborToJson, scalarToJson } from "../model/cbor/to-json.ts";
import type { CborArray, CborValue } from "../model/cbor/value.ts";
import type { JsonValue } from "../model/json.ts";

const maxShownItems = 16;
const maxShownDepth = 4;
const maxShownText = 200;
/** How much of a long text is shown before the place where it differs. */
const leadText = 40;

/** A value as a report of a divergence shows it. */
export interface Described {
  /** Such as `int`, `float32[4]`, `float32[]` (a numpy scalar), `tuple`, `enum module.Name` or `absent`. */
  readonly type: string;
  /** JSON for people, cut where it is long. */
  readonly value: JsonValue;
}

/** What stands for a value that one of two trajectories does not have. */
export const absent: Described = { type: "absent", value: null };

/** Describes a decoded value. */
export function describeValue(value: CborValue): Described {
  const shown = value.type === "enum" && value.member !== null ? shorten(value.member, 0) : shownOf(value, 0);
  return { type: typeName(value), value: shown };
}

/** What {@link shorten} gives of a value's JSON, made of no more than is shown: a screen has a hundred thousand elements. */
function shownOf(value: CborValue, depth: number): JsonValue {
  if (value.type === "ndarray" && !value.shape.includes(0)) return shownArray(value, depth);
  if (value.type === "list" || value.type === "tuple")
    return depth >= maxShownDepth ? "…" : shownItems(value.items, (item) => shownOf(item, depth + 1));
  if (value.type === "map" || value.type === "namedtuple" || value.type === "dataclass") {
    if (depth >= maxShownDepth) return "…";
    const entries = Object.entries(Object.fromEntries(value.entries));
    return shownEntries(entries, (item) => shownOf(item, depth + 1));
  }
  return shorten(cborToJson(value), depth);
}

function shownArray(array: CborArray, outer: number): JsonValue {
  const read = elementReader(array);
  const build = (shape: readonly number[], from: number, depth: number): JsonValue => {
    const [size, ...inner] = shape;
    if (size === undefined) return shorten(scalarToJson(read(from)), depth);
    if (depth >= maxShownDepth) return "…";
    const stride = inner.reduce((product, length) => product * length, 1);
    const places = Array.from({ length: Math.min(size, maxShownItems) }, (_, at) => from + at * stride);
    return shownItems(places, (place) => build(inner, place, depth + 1), size);
  };
  return build(array.shape, 0, outer);
}

function shownItems<T>(
  items: readonly T[],
  show: (item: T) => JsonValue,
  count: number = items.length,
): JsonValue[] {
  const shown = items.slice(0, maxShownItems).map(show);
  return count > maxShownItems ? [...shown, `… ${count - maxShownItems} more`] : shown;
}

function shownEntries<T>(
  entries: readonly (readonly [string, T])[],
  show: (item: T) => JsonValue,
): JsonValue {
  const shown = entries.slice(0, maxShownItems).map(([key, item]) => [key, show(item)] as const);
  const more = entries.length - maxShownItems;
  return Object.fromEntries(more > 0 ? [...shown, ["…", `${more} more`] as const] : shown);
}

/** Describes one element of an array. */
export function describeElement(
  type: string,
  value: number | bigint | boolean | string | Uint8Array,
): Described {
  return { type, value: shorten(scalarToJson(value), 0) };
}

/** Describes a text by the part around an offset. */
export function describeText(text: string, at: number): Described {
  if (text.length <= maxShownText) return { type: "text", value: text };
  const start = Math.max(0, at - leadText);
  const end = Math.min(text.length, start + maxShownText);
  const value = `${start > 0 ? "…" : ""}${partOfText(text, start, end)}${end < text.length ? "…" : ""}`;
  return { type: "text", value };
}

/** The name of a value's type, with what else tells two values of it apart as kinds: dtype, shape, class. */
export function typeName(value: CborValue): string {
  switch (value.type) {
    case "ndarray":
      return `${value.dtype}${shapeName(value.shape)}`;
    case "stringarray":
      return `${value.dtype}${value.width}${shapeName(value.shape)}`;
    case "namedtuple":
    case "dataclass":
    case "enum":
    case "typed":
    case "opaque":
      return `${value.type} ${value.name}`;
    case "null":
    case "bool":
    case "int":
    case "float":
    case "text":
    case "bytes":
    case "list":
    case "tuple":
    case "set":
    case "frozenset":
    case "map":
    case "pairs":
      break;
  }
  return value.type;
}

/** A numpy scalar has the shape `[]`: its brackets tell `bool[]` from Python's own `bool`. */
function shapeName(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

/** Cuts what is long, and shows the sign of a zero, which JSON text would lose. */
function shorten(value: JsonValue, depth: number): JsonValue {
  if (typeof value === "string") return describeText(value, 0).value;
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxShownDepth) return "…";
  if (isList(value)) return shownItems(value, (item) => shorten(item, depth + 1));
  return shownEntries(Object.entries(value), (item) => shorten(item, depth + 1));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
