/** The present moment in ISO 8601; for records of when something was made, never for anything that is hashed. */
export function nowIso(): string {
  return new Date().toISOString();
}

/** A name for something made now: the time to the second in UTC, such as `20260102-030405`. */
export function timeName(): string {
  return nowIso().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}

/** The present moment in ms since 1970; to compare with the times of files, never for anything that is hashed. */
export function nowMs(): number {
  return Date.now();
}
