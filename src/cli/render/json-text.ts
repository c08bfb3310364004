import { printableJson } from "./safe-text.ts";

const json = JSON as unknown as { readonly rawJSON: (this: void, text: string) => unknown };

/**
 * JSON on one line. NaN and the infinities, for which JSON has no words, are the texts `"NaN"`, `"Infinity"` and
 * `"-Infinity"`; minus zero stays the number `-0`. Characters that could act on a terminal are written as escapes: the value
 * is the same.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "number") return inner;
    if (!Number.isFinite(inner)) return String(inner);
    return Object.is(inner, -0) ? json.rawJSON("-0") : inner;
  });
  return printableJson(text);
}
