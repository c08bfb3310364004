import { readFileSync } from "node:fs";
import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";

/** A requirements file in which every package is pinned and hashed. */
export interface RequirementsLock {
  readonly path: string;
  readonly text: string;
  /** Names with their markers cut off, in file order; empty for an image without packages. */
  readonly packages: readonly string[];
  /** SHA-256 of the file, 64 hex digits. */
  readonly digest: string;
}

const hint =
  "Write the lock with `pip-compile --generate-hashes` (or `uv pip compile --generate-hashes`): each line NAME==VERSION with its --hash.";

/**
 * Reads a requirements lock and refuses what is not one: a package without an exact version or without a
 * hash, a path or address, another file included, or an option that would choose another source.
 *
 * @throws {SameseedError} `bad_argument` with the line, `io_failed` when the file cannot be read.
 */
export function readLock(path: string): RequirementsLock {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new SameseedError("io_failed", `The requirements file ${path} cannot be read.`, {
      hint: "Give the path of a readable requirements lock.",
      cause,
    });
  }
  const text = bytes.toString("utf8");
  const packages = logicalLines(text).map(({ line, number }) => checkLine(path, line, number));
  return { path, text, packages, digest: sha256(bytes).toString("hex") };
}

/** Lines with their continuations joined and comments cut off; empty ones left out. */
function logicalLines(text: string): { line: string; number: number }[] {
  const lines: { line: string; number: number }[] = [];
  let open: { line: string; number: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const bare = raw.replace(/(^|\s)#.*$/, "").trimEnd();
    const continued = bare.endsWith("\\");
    const part = continued ? bare.slice(0, -1) : bare;
    open = open === undefined ? { line: part, number: index + 1 } : { ...open, line: `${open.line} ${part}` };
    if (continued) continue;
    if (open.line.trim() !== "") lines.push({ line: open.line.trim(), number: open.number });
    open = undefined;
  }
  if (open !== undefined && open.line.trim() !== "")
    lines.push({ line: open.line.trim(), number: open.number });
  return lines;
}

function checkLine(path: string, line: string, number: number): string {
  const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9,._ -]*\])?\s*==\s*([A-Za-z0-9.!+_-]+)/.exec(
    line,
  );
  const refuse = (why: string): SameseedError =>
    new SameseedError("bad_argument", `${path}:${number} is not a locked requirement: ${why}.`, {
      hint,
      context: { file: path, line: number },
    });
  if (line.startsWith("-"))
    throw refuse(`the option ${line.split(/[\s=]/)[0] ?? line} is not allowed in a lock`);
  if (match === null) throw refuse("it does not pin NAME==VERSION");
  if (!/\s--hash[=\s]sha(256|384|512):[0-9a-f]{64,128}(\s|$)/.test(line))
    throw refuse(`${match[1]} has no --hash`);
  return match[1] ?? "";
}
