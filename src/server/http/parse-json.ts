import { SameseedError } from "../../base/error.ts";

/** How deep JSON may be nested: whatever reads it goes down by recursion, and its stack is not endless. */
const depthMost = 256;

/** Reads JSON. An empty body is an empty object: every option may be left out. @throws `bad_argument` */
export function parseJson(raw: Uint8Array): unknown {
  if (raw.length === 0) return {};
  try {
    return parseJsonText(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch (error) {
    if (error instanceof SameseedError) throw error;
    throw new SameseedError("bad_argument", "the body is not JSON in UTF-8", { cause: error });
  }
}

/** Reads JSON that a client sent, wherever it stood. @throws `bad_argument` where it is nested too deep; `SyntaxError` */
export function parseJsonText(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (isTooDeep(value))
    throw new SameseedError("bad_argument", `the JSON is nested deeper than ${depthMost}`, {
      hint: "send it flatter",
    });
  return value;
}

/** Level by level: to measure it by recursion would fail where it matters. */
function isTooDeep(value: unknown): boolean {
  let level = [value].filter(isNested);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= depthMost) return true;
    const next: object[] = [];
    for (const each of level)
      for (const inner of Object.values(each) as unknown[]) if (isNested(inner)) next.push(inner);
    level = next;
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
