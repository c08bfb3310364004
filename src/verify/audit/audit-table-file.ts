import { existsSync } from "node:fs";
import * as z from "zod";

import { readRegular } from "../../store/run-folder.ts";
import type { AuditTable } from "./audit-all.ts";

const largestBytes = 64 * 1024 * 1024;

const rowSchema = z.union([
  z.looseObject({
    env: z.string(),
    report: z.looseObject({
      verdict: z.enum(["pure", "virtualised", "sensitive", "broken"]),
      ledger: z.record(z.string(), z.number()),
      causes: z.array(z.looseObject({ factor: z.string(), step: z.number() })),
      rollouts: z.array(z.looseObject({ steps: z.number() })),
    }),
  }),
  z.strictObject({ env: z.string(), skipped: z.string() }),
  z.strictObject({ env: z.string(), failed: z.string() }),
]);

const tableSchema = z.strictObject({
  image: z.string(),
  imageDigest: z.string(),
  world: z.string(),
  seeds: z.array(z.number()),
  maxSteps: z.number(),
  total: z.number(),
  rows: z.array(rowSchema),
});

/**
 * A table that `audit --all` wrote; undefined if there is none, or something else.
 * @throws `io_failed`
 */
export function readAuditTable(path: string): AuditTable | undefined {
  if (!existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readRegular(path, largestBytes).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  // Only what the table is drawn from is looked at; whoever writes a report by hand deceives only themselves.
  return tableSchema.safeParse(value).success ? (value as AuditTable) : undefined;
}
