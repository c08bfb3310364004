import { errorCodes, type ErrorCode, type ErrorKind } from "./error-codes.ts";

const identity: unique symbol = Symbol.for("sameseed.error");

/** What an error may contain besides its code and message. */
export interface ErrorDetails {
  /** Facts a program can act on: names, paths, limits. JSON-compatible. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** The fix, as one sentence for a person. */
  readonly hint?: string;
  /** The error underneath. */
  readonly cause?: unknown;
}

/**
 * The only error class: misuse, or a failure of the host. A fault of a rollout (crash, loop, out of memory) is its
 * outcome and is never thrown.
 */
export class SameseedError extends Error {
  /** The machine-readable name; the catalogue maps it to exit status and HTTP status. */
  readonly code: ErrorCode;
  /** Facts a program can act on. */
  readonly context: Readonly<Record<string, unknown>>;
  /** The fix, as one sentence; undefined if there is none to give. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SameseedError";
    this.code = code;
    this.context = details.context ?? {};
    // Not `instanceof`: two copies of this package in one program must know each other's errors.
    Object.defineProperty(this, identity, { value: true });
    this.hint = details.hint;
  }

  /** The catalogue's row for this code. */
  get kind(): ErrorKind {
    return errorCodes[this.code];
  }

  /** The shape that `--json` and servers print. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(Object.keys(this.context).length === 0 ? {} : { context: this.context }),
    };
  }
}

/** Whether a value is a {@link SameseedError}, possibly of another copy of this package. */
export function isSameseedError(value: unknown): value is SameseedError {
  return typeof value === "object" && value !== null && identity in value;
}

/** A value as an `Error`, whatever was thrown. */
export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`…), or undefined. */
export function systemErrorCode(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("code" in value)) return undefined;
  return typeof value.code === "string" ? value.code : undefined;
}
