import { posix } from "node:path";

import { SameseedError } from "../../../base/error.ts";
import type { JobFile } from "../../../sandbox/contract.ts";

/** Where a request's program runs: relative paths begin here. */
export const programFolder = "/tmp/solution";

/**
 * A path as a request names it, below the working folder or absolute. Only `/tmp` can be written in a sandbox.
 * @throws `bad_argument`
 */
export function programPath(path: string): string {
  const whole = posix.resolve(programFolder, path);
  if (whole.startsWith("/tmp/") && !path.includes("\0") && !path.endsWith("/")) return whole;
  throw new SameseedError("bad_argument", `${JSON.stringify(path.slice(0, 200))} is no file below /tmp`, {
    hint: "name files relative to the working folder",
  });
}

/** The files of a request; those without contents are passed over. @throws `bad_argument` */
export function requestFiles(files: Readonly<Record<string, string | null>>): JobFile[] {
  return Object.entries(files).flatMap(([path, data]) =>
    data === null ? [] : [{ path: programPath(path), data: Buffer.from(data, "base64") }],
  );
}
