import { basename } from "node:path";
import { SameseedError } from "../base/error.ts";
import { findPython } from "./find-python.ts";
import { parseLock, type RequirementsLock } from "./requirements-lock.ts";
import { lastLines, runTool } from "./run-tool.ts";
import { builderProgram } from "./runtime-files.ts";

/** Whether a lock is of the form that `uv pip compile -o pylock.toml` and `pip lock` write. */
export function isPylock(path: string): boolean {
  return /^pylock(\.[^.]+)?\.toml$/.test(basename(path));
}

/**
 * Reads a lock of that form. Python does, which has a reader for its notation.
 *
 * @throws {SameseedError} `bad_argument` for what cannot be read so, `tool_missing`.
 */
export async function readPylock(path: string, python: string | undefined): Promise<RequirementsLock> {
  const { executable } = await findPython(python);
  const run = await runTool(executable, [builderProgram("read_pylock.py"), path]);
  if (run.exitCode === 0) return parseLock(path, run.stdout);
  throw new SameseedError("bad_argument", `${path} cannot be read as a lock: ${lastLines(run.stderr, 1)}`, {
    hint: "let uv or pip write it anew, or write a requirements lock with --generate-hashes",
    context: { file: path },
  });
}
