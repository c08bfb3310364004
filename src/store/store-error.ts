import { SameseedError, systemErrorCode } from "../base/error.ts";

/** What the operating system says when a file cannot grow: the disk, the quota or the file size limit is used up. */
export const fullCodes: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/**
 * Turns a failed file operation into the error a caller can act on: `disk_full` or `io_failed`.
 * @param doing what was tried, such as `writing`
 */
export function storeError(error: unknown, doing: string, path: string): SameseedError {
  if (error instanceof SameseedError) return error;
  const code = systemErrorCode(error);
  const context = { path, ...(code === undefined ? {} : { systemCode: code }) };
  if (code !== undefined && fullCodes.has(code)) {
    return new SameseedError("disk_full", `${doing} ${path} failed: no space is left`, {
      context,
      hint: "free some space (or raise the quota or file size limit), then resume the run: nothing that was recorded is lost",
      cause: error,
    });
  }
  return new SameseedError("io_failed", `${doing} ${path} failed${code === undefined ? "" : ` (${code})`}`, {
    context,
    hint: "check that the folder exists and that you may read and write it",
    cause: error,
  });
}

/**
 * {@link storeError} for a file that is made from a recording, such as a table or a picture: nothing that was recorded is in it, and it
 * can be made again.
 */
export function outputError(error: unknown, path: string): SameseedError {
  const code = systemErrorCode(error);
  if (code === "EEXIST" && !(error instanceof SameseedError))
    return new SameseedError("bad_argument", `${path} exists already`, {
      hint: "choose another name, or remove it first",
      context: { path },
      cause: error,
    });
  const failed = storeError(error, "writing", path);
  if (failed.code !== "disk_full" || failed === error) return failed;
  return new SameseedError("disk_full", failed.message, {
    context: failed.context,
    hint: "free some space (or raise the quota or file size limit), or choose another folder, and run the same command again",
    cause: error,
  });
}

/** Recorded bytes are not what was written. */
export function runDamaged(
  path: string,
  what: string,
  context: Readonly<Record<string, unknown>> = {},
): SameseedError {
  return new SameseedError("run_damaged", `${path} is damaged: ${what}`, {
    context: { path, ...context },
    hint: "restore this file from a copy, or run the same spec again into a new folder",
  });
}

/** A folder or file was written by a version of Sameseed that writes another format. */
export function otherFormat(path: string, format: number, readable: number): SameseedError {
  const which = format > readable ? "or a newer one" : "which is older than this one";
  return new SameseedError(
    "run_damaged",
    `${path} has format ${format}; this version of Sameseed reads format ${readable}`,
    {
      context: { path, format },
      hint: `read it with the version of Sameseed that wrote it, ${which}, or run the same spec again into a new folder`,
    },
  );
}
