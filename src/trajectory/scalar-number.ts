import { cborToJson } from "../model/cbor/to-json.ts";
import type { CborValue } from "../model/cbor/value.ts";
import type { JsonValue } from "../model/json.ts";

/** A recorded reward or flag as a number: a scalar, or an array of one element; a flag is 0 or 1. */
export function scalarNumber(value: CborValue): number {
  return toNumber(cborToJson(value));
}

/** `cborToJson` writes numbers that are not finite as text. */
function toNumber(value: JsonValue): number {
  return Array.isArray(value) ? toNumber((value as readonly JsonValue[])[0] ?? 0) : Number(value);
}
