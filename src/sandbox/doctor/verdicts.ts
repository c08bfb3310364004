import { isSameseedError, toError } from "../../base/error.ts";

/** The result of one check. */
export interface DoctorCheck {
  /** What was looked at, in a few words. */
  readonly name: string;
  /** False where sandboxes cannot work because of it. */
  readonly ok: boolean;
  /** True if sandboxes work with a restriction. */
  readonly warning: boolean;
  /** What was found. */
  readonly detail: string;
  /** The fix, if there is one. */
  readonly fix?: string;
}

/** A check that found what it looked for. */
export function good(name: string, detail: string): DoctorCheck {
  return { name, ok: true, warning: false, detail };
}

/** A check that found something that works less well than it could. */
export function poor(name: string, detail: string, fix?: string): DoctorCheck {
  return { name, ok: true, warning: true, detail, ...(fix === undefined ? {} : { fix }) };
}

/** A check that found why sandboxes cannot work. */
export function bad(name: string, detail: string, fix?: string): DoctorCheck {
  return { name, ok: false, warning: false, detail, ...(fix === undefined ? {} : { fix }) };
}

/** A check that ended with an error; its hint is the fix. */
export function failed(name: string, error: unknown): DoctorCheck {
  return bad(name, toError(error).message, isSameseedError(error) ? error.hint : undefined);
}
