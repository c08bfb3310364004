import { readFileSync } from "node:fs";

import { SameseedError, systemErrorCode } from "../../base/error.ts";

/** One line of a JSON Lines file. */
export interface JsonLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly row: Readonly<Record<string, unknown>>;
}

/**
 * Reads a file of JSON objects, one a line; blank lines are passed over.
 * @throws `bad_argument` with the file and line of what is not one
 */
export function readJsonLines(path: string): JsonLine[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new SameseedError(
      "bad_argument",
      `${path} cannot be read (${systemErrorCode(error) ?? "unknown"})`,
      {
        hint: "name a JSON Lines file: one JSON object a line",
        cause: error,
      },
    );
  }
  return parseJsonLines(text, path);
}

/**
 * Reads JSON objects, one a line.
 * @param path what the text is called in messages
 * @throws `bad_argument`
 */
export function parseJsonLines(text: string, path: string): JsonLine[] {
  const lines: JsonLine[] = [];
  for (const [at, each] of text.split("\n").entries()) {
    if (each.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(each);
    } catch (error) {
      throw notALine(path, at + 1, `is no JSON: ${error instanceof Error ? error.message : ""}`);
    }
    if (typeof row !== "object" || row === null || Array.isArray(row))
      throw notALine(path, at + 1, "is no JSON object");
    lines.push({ line: at + 1, text: each, row: row as Record<string, unknown> });
  }
  return lines;
}

function notALine(path: string, line: number, problem: string): SameseedError {
  return new SameseedError("bad_argument", `line ${line} of ${path} ${problem}`, {
    hint: "a JSON Lines file has one JSON object a line",
    context: { path, line },
  });
}
