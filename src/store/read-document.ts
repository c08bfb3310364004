import { existsSync } from "node:fs";
import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { readRegular } from "./run-folder.ts";
import { otherFormat, runDamaged } from "./store-error.ts";

/** What is said where there is no such file. */
export interface MissingDocument {
  readonly message: string;
  readonly hint: string;
}

const bytesMost = 256 << 20;

/**
 * Reads a JSON file with a `format` field that lies in a folder of recorded games.
 * @throws SameseedError `run_missing`, `run_damaged` (also for a newer format, which says so), `io_failed`
 */
export function readDocument<T>(path: string, schema: z.ZodType<T>, missing: MissingDocument): T {
  if (!existsSync(path)) {
    throw new SameseedError("run_missing", missing.message, { hint: missing.hint, context: { path } });
  }
  let value: unknown;
  try {
    value = JSON.parse(readRegular(path, bytesMost).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw runDamaged(path, "it is not JSON");
    throw error;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const format = z.object({ format: z.int().min(2) }).safeParse(value);
  if (format.success) throw otherFormat(path, format.data.format, 1);
  const issue = parsed.error.issues[0];
  throw runDamaged(path, `${issue?.path.join(".") ?? "it"}: ${issue?.message ?? "it is not of its form"}`);
}
