import { readFileSync, statSync } from "node:fs";

import { SameseedError, systemErrorCode, toError } from "../../base/error.ts";
import type { JsonValue } from "../../model/json.ts";
import { maxInputBytes } from "../../model/run-manifest.ts";
import { InexactJsonError, parseExactJson } from "./exact-json.ts";

/**
 * Reads a list of actions, one a step, from a JSON file.
 * @throws `bad_actions`
 */
export function readActionsFile(path: string): readonly JsonValue[] {
  const refuse = (why: string, cause?: unknown): SameseedError =>
    new SameseedError("bad_actions", `the actions file ${path} ${why}`, {
      hint: "write a JSON list with one action for each step, such as [0, 1, 1, 0]",
      context: { path },
      cause,
    });
  let bytes: Buffer;
  try {
    const status = statSync(path);
    if (status.isDirectory()) throw refuse("is a folder");
    if (status.size > maxInputBytes) throw refuse(`is larger than ${maxInputBytes} bytes`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof SameseedError) throw error;
    const code = systemErrorCode(error);
    throw refuse(
      code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? toError(error).message})`,
      error,
    );
  }
  let value: unknown;
  try {
    value = parseExactJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const why = error instanceof InexactJsonError ? "cannot be used" : "is not JSON";
    throw refuse(`${why}: ${toError(error).message}`, error);
  }
  if (!Array.isArray(value)) throw refuse("does not hold a list");
  return value as readonly JsonValue[];
}
