import { isSameseedError, toError } from "../../base/error.ts";
import type { DoctorCheck } from "../doctor.ts";

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
