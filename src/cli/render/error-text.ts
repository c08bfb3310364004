import { homeFolder } from "../../base/home.ts";
import { isSameseedError, SameseedError, systemErrorCode, toError } from "../../base/error.ts";
import { fullCodes } from "../../store/store-error.ts";
import { printable } from "./safe-text.ts";
import type { Painter } from "./style.ts";

/** Any failure as the one error class: what is not one already is a defect, or the system's refusal. */
export function asSameseedError(error: unknown): SameseedError {
  if (isSameseedError(error)) return error;
  const code = systemErrorCode(error);
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) {
    const isFull = fullCodes.has(code);
    return new SameseedError(
      isFull ? "disk_full" : "io_failed",
      `a system call failed: ${toError(error).message}`,
      {
        ...(isFull
          ? { hint: "free some space (or raise the quota or file size limit), and try again" }
          : pathHint(error, code)),
        cause: error,
      },
    );
  }
  return new SameseedError("internal", `internal error in Sameseed: ${toError(error).message}`, {
    hint: "run it again with SAMESEED_DEBUG=1 and report the output",
    cause: error,
  });
}

/** A second user may use a store that only its owner can write to. Elsewhere, what the path says is all that is known. */
function pathHint(error: unknown, code: string): { readonly hint?: string } {
  const { path } = error as NodeJS.ErrnoException;
  const isOurs = path?.startsWith(`${homeFolder()}/`) === true;
  if (!isOurs && path !== undefined)
    return { hint: `check that the folder of ${path} exists and that you may read and write it` };
  if (!isOurs || !["EACCES", "EPERM", "EROFS"].includes(code)) return {};
  return {
    hint: `only the owner of ${homeFolder()} can change what lies in it; SAMESEED_HOME names another folder`,
  };
}

/** An error as a person reads it: one sentence, and below it the fix; a stack trace only where it is asked for. */
export function formatError(error: SameseedError, paint: Painter, debug = false): string {
  const lines = [`${paint("bad", "sameseed:")} ${sentence(error.message)}`];
  const label = error.code === "aborted" ? "resume:" : "fix:";
  if (error.hint !== undefined) lines.push(`  ${paint("strong", label)} ${sentence(error.hint)}`);
  if (debug) for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(stackOf(at));
  return lines.join("\n");
}

/** On one line, and without the full stop that what another program said may end in: it could be taken for part of a command. */
function sentence(text: string): string {
  return printable(text.trim().replaceAll(/\s*\n\s*/g, " ")).replace(/(?<!\.)\.$/, "");
}

function stackOf(error: Error): string {
  return printable(error.stack ?? error.message, true)
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
