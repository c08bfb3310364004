import type { JsonValue } from "../../model/json.ts";

/** What `JSON.parse` tells a reviver since V8 11.4, which its type does not say yet. */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const parse = JSON.parse as (text: string, reviver: Reviver) => JsonValue;

/**
 * Reads JSON and keeps the numbers that JavaScript would change: `1.0` becomes `{"$float": "1.0"}`, and a whole number beyond
 * 2^53 - 1 `{"$int": "…"}`. The trusted side of the judge takes them back as Python's own.
 * @throws {SyntaxError} for what is not JSON
 */
export function parseMarkedJson(text: string): JsonValue {
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined) return value;
    const isWhole = /^-?\d+$/.test(source);
    if (isWhole) return Number.isSafeInteger(value) ? value : { $int: source };
    return Number.isInteger(value) || !Number.isFinite(value) ? { $float: source } : value;
  });
}
