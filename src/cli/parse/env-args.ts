import { SameseedError, toError } from "../../base/error.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { InexactJsonError, parseExactJson } from "./exact-json.ts";

/** One `--env-arg`. */
export type EnvArg = readonly [name: string, value: JsonValue];

const identifier = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/** What Python writes otherwise than JSON. As plain words they would arrive as text, and text is always true. */
const pythonWords: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };
/** Names of numbers that JSON does not have. */
const numberWords = /^[+-]?(nan|inf|infinity)$/i;

/**
 * Reads one `KEY=JSON`. What is not JSON is taken as text where it can only be a word, so that `map_name=4x4` needs no
 * quotes; what looks like broken JSON, a number or a Python constant is refused.
 * @throws `bad_argument`
 */
export function parseEnvArg(text: string): EnvArg {
  const at = text.indexOf("=");
  const name = text.slice(0, at);
  if (at < 0 || !identifier.test(name)) {
    throw new SameseedError("bad_argument", `--env-arg: ${JSON.stringify(text)} is not KEY=JSON`, {
      hint: 'for example --env-arg is_slippery=false, or --env-arg \'desc=["SF","HG"]\'',
    });
  }
  if (name === "__proto__") {
    throw new SameseedError("bad_argument", "--env-arg: an argument cannot be named __proto__", {
      hint: "rename the argument in the environment",
    });
  }
  return [name, parseValue(name, text.slice(at + 1))];
}

/**
 * Puts all `--env-arg` together.
 * @throws `bad_argument` where a name occurs twice
 */
export function collectEnvArgs(args: readonly EnvArg[]): JsonObject {
  const names = new Set<string>();
  for (const [name] of args) {
    if (names.has(name)) {
      throw new SameseedError("bad_argument", `--env-arg: ${name} is given twice`, {
        hint: "give each argument once",
      });
    }
    names.add(name);
  }
  return Object.fromEntries(args);
}

function parseValue(name: string, text: string): JsonValue {
  try {
    return parseExactJson(text) as JsonValue;
  } catch (error) {
    if (error instanceof InexactJsonError)
      throw new SameseedError("bad_argument", `--env-arg ${name}: ${error.message}`, {
        hint: "pass a smaller number, or pass text and let the environment convert it",
      });
    const hint = whyNotAWord(text);
    if (hint === undefined) return text;
    const why = /^[{["]/.test(text) ? ` (${toError(error).message})` : "";
    throw new SameseedError("bad_argument", `--env-arg ${name}: ${JSON.stringify(text)} is not JSON${why}`, {
      hint,
    });
  }
}

/** The fix for a text that is neither JSON nor a plain word; undefined for a word. */
function whyNotAWord(text: string): string | undefined {
  const word = pythonWords[text];
  if (word !== undefined) return `write ${word}: values are JSON`;
  if (text.trim() === "") return "write KEY='\"\"' for an empty text";
  if (/^\s*[{["]/.test(text))
    return "put the whole argument in single quotes, so that the shell leaves the double quotes of JSON alone";
  if (numberWords.test(text) || !Number.isNaN(Number(text)))
    return "write the number as JSON does (0.5, -1, 1e-3; JSON has no NaN or infinity), or in double quotes for text";
  return undefined;
}
