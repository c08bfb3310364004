/*
 * What the programs of a rollout wrote to stdout and stderr when it was run again, kept beside the run as `stdio/KEY.json`. It
 * is no part of what was recorded: it may be deleted, and whoever can write to the folder can write it. It names the rollout
 * it is of.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import type { ProgramStdio, StdioText } from "../../model/stdio.ts";
import { type KeptBeside, keptBesideFields } from "../kept-beside.ts";
import { makeOwnFolder, readRegular } from "../../store/run-folder.ts";
import { outputError, runDamaged } from "../../store/store-error.ts";

/** What is kept of a rollout. */
export interface KeptStdio extends KeptBeside {
  /** False where a limit ended both, one of them sooner. */
  readonly exact: boolean;
  readonly programs: readonly ProgramStdio[];
}

const text: z.ZodType<StdioText> = z.strictObject({
  bytes: z.int().min(0),
  text: z.string(),
  tail: z.string().exactOptional(),
});
const schema: z.ZodType<KeptStdio> = z.strictObject({
  ...keptBesideFields,
  exact: z.boolean(),
  programs: z.array(z.strictObject({ seat: z.string().nullable(), stdout: text, stderr: text })),
});
const largestBytes = 64 * 1024 * 1024;

/** Where it is kept. @param key the rollout's seed, or its number where it is a branch */
export function stdioPath(dir: string, key: number): string {
  return join(dir, "stdio", `${key}.json`);
}

/** Writes it in place of an earlier one. @throws `run_damaged`, `io_failed`, `disk_full` */
export function writeStdio(path: string, kept: KeptStdio): void {
  try {
    makeOwnFolder(dirname(path));
    writeFileAtomic(path, `${JSON.stringify(kept)}\n`);
  } catch (error) {
    throw outputError(error, path);
  }
}

/** What is there; undefined where nothing is. @throws `run_damaged`, `io_failed` */
export function readStdio(path: string): KeptStdio | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readRegular(path, largestBytes);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw runDamaged(path, "it is no JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw runDamaged(path, "it is not of format 1");
  return parsed.data;
}
