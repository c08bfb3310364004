import type { JsonObject } from "../model/json.ts";

/** A plain value as JSON: numbers that JSON has no word for become text, as everywhere in documents for people. */
export function toJson(value: object): JsonObject {
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return item.toString();
    return typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
  });
  return JSON.parse(text) as JsonObject;
}
