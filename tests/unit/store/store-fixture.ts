import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { isSameseedError, type SameseedError } from "../../../src/base/error.ts";

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error a call ends with; fails where it ends otherwise. */
export async function failureOf(call: () => unknown): Promise<SameseedError> {
  try {
    await call();
  } catch (error) {
    if (isSameseedError(error)) return error;
    throw error;
  }
  throw new Error("The call did not fail.");
}
