/** Why a text is not JSON whose values all arrive as they are written. */
export class InexactJsonError extends Error {}

/** What `JSON.parse` tells a reviver since V8 11.4, which its type does not say yet. */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * Reads JSON and refuses numbers that JavaScript would silently change: whole numbers beyond 2^53 - 1 and those too
 * large for a binary64.
 * @throws {InexactJsonError} for such a number
 * @throws {SyntaxError} for what is not JSON
 */
export function parseExactJson(text: string): unknown {
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined) return value;
    if (!Number.isFinite(value)) throw new InexactJsonError(`${source} is too large for a number`);
    if (/^-?\d+$/.test(source) && !Number.isSafeInteger(value))
      throw new InexactJsonError(`the whole number ${source} is beyond 2^53 - 1`);
    return value;
  });
}
