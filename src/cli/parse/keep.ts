import { InvalidArgumentError } from "commander";

import { type Keep, keepSchema } from "../../model/keep.ts";

/** Reads `full`, `failures`, `digest` or `sample:SHARE`. */
export function parseKeep(text: string): Keep {
  const share = /^sample:(0?\.\d+)$/.exec(text)?.[1];
  const keep = keepSchema.safeParse(share === undefined ? text : Number(share));
  if (keep.success) return keep.data;
  throw new InvalidArgumentError("name full, failures, digest, or sample: and a share such as sample:0.01.");
}
