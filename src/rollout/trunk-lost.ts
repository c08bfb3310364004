import { isSameseedError, type SameseedError } from "../base/error.ts";

/** Why a trunk is of no use any more. */
export class TrunkLost extends Error {}

const ended: ReadonlySet<string> = new Set(["sandbox_closed", "sandbox_ended", "protocol_broken"]);

/** The reason in an error that a trunk can end with; undefined for any other. */
export function reasonIn(error: unknown): string | undefined {
  if (error instanceof TrunkLost) return error.message;
  if (!isSameseedError(error) || error.code === "aborted") return undefined;
  const { reason } = error.context;
  if (error.code === "not_copyable") return typeof reason === "string" ? reason : error.message;
  return error.kind.retryable || ended.has(error.code) ? error.message : undefined;
}

/** A refusal of a copy because its tree is full. */
export function isFull(error: unknown): error is SameseedError {
  return isSameseedError(error) && error.code === "not_copyable" && /as many copies/.test(error.message);
}
