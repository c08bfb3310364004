import { elementReader } from "./elements.ts";
import type { CborReader } from "./reader.ts";
import type { CborStringArray, CborValue } from "./value.ts";

/**
 * Checks that values can be the elements of a Python set, or the keys of a dict: each can be hashed, and no two are equal.
 * Python compares numbers by value, whatever their types are, so different encodings may be equal.
 */
export function checkDistinct(reader: CborReader, values: Iterable<CborValue>): void {
  const seen = new Set<string>();
  let count = 0;
  for (const value of values) {
    const key = equalityKey(value, () => `?${count++};`);
    if (key === undefined) reader.fail("a set element or a key is of a kind that cannot be one");
    if (seen.has(key)) reader.fail("elements or keys are equal in value");
    seen.add(key);
  }
}

/**
 * A text that two values share exactly when Python holds them equal; undefined for a value that it cannot hash. Every text
 * tells where it ends, so that texts can stand side by side.
 *
 * @param unique - gives the text of a value that equals nothing else
 */
function equalityKey(value: CborValue, unique: () => string): string | undefined {
  switch (value.type) {
    case "null":
      return "n;";
    case "bool":
    case "int":
    case "float":
      return numberKey(value.value, unique);
    case "text":
      return textKey(value.value);
    case "bytes":
      return bytesKey(value.value);
    case "tuple":
      return groupKey("(", value.items, unique);
    case "namedtuple":
      // It is the tuple of its values.
      return groupKey(
        "(",
        value.entries.map(([, item]) => item),
        unique,
      );
    case "frozenset":
      return groupKey("{", value.items, unique);
    case "enum":
    case "typed":
    case "dataclass":
    case "opaque":
      return unique();
    case "ndarray":
      return value.shape.length > 0 ? undefined : numberKey(elementReader(value)(0), unique);
    case "stringarray":
      return value.shape.length > 0 ? undefined : stringScalarKey(value);
    case "list":
    case "set":
    case "map":
    case "pairs":
      break;
  }
  return undefined;
}

function numberKey(value: number | bigint | boolean, unique: () => string): string {
  if (typeof value === "bigint") return `i${value.toString(16)};`;
  if (typeof value === "boolean") return value ? "i1;" : "i0;";
  // A NaN equals nothing, itself included.
  if (Number.isNaN(value)) return unique();
  return Number.isInteger(value) ? `i${BigInt(value).toString(16)};` : `f${value};`;
}

function textKey(text: string): string {
  return `t${text.length};${text}`;
}

function bytesKey(bytes: Uint8Array): string {
  return `b${Buffer.from(bytes).toString("hex")};`;
}

/** The key of a 0-dimensional array: a scalar has no other width than its own, and what has is an array. */
function stringScalarKey({ items: [item = ""], width }: CborStringArray): string | undefined {
  const length = typeof item === "string" ? Array.from(item).length : item.length;
  if (width !== Math.max(length, 1)) return undefined;
  return typeof item === "string" ? textKey(item) : bytesKey(item);
}

function groupKey(kind: "(" | "{", items: readonly CborValue[], unique: () => string): string | undefined {
  const keys: string[] = [];
  for (const item of items) {
    const key = equalityKey(item, unique);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  if (kind === "{") keys.sort();
  return `${kind}${keys.length};${keys.join("")}`;
}
