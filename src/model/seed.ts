import * as z from "zod";

import { SameseedError } from "../base/error.ts";

/**
 * The one check of a seed: a whole number from 0 to 2^53 - 1. Minus zero is zero, and comes back as zero, because a seed is
 * compared, used as a key and written into scripts.
 * @throws `bad_argument`
 */
export function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed + 0;
  throw new SameseedError("bad_argument", `${String(seed)} is not a seed`, {
    hint: "a seed is a whole number from 0 to 9007199254740991 (2^53 - 1)",
    context: { seed: String(seed) },
  });
}

/** A seed inside options or a document; minus zero comes out as zero here too. */
export const seedSchema: z.ZodType<number> = z
  .int()
  .min(0)
  .overwrite((seed) => seed + 0);
