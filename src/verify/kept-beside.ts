/* What every file says that is made of a rollout by running it again and kept beside the run. */
import * as z from "zod";

import { nowIso } from "../base/clock.ts";
import { packageVersion } from "../base/package-version.ts";

/** Of what, with what and when it was made. */
export interface KeptBeside {
  readonly format: 1;
  /** The digest of the rollout it is of. */
  readonly rollout: string;
  /** The digest of the image it was made with. */
  readonly image: string;
  /** When, in ISO 8601. */
  readonly at: string;
  readonly sameseedVersion: string;
}

/** The fields of a {@link KeptBeside}, as they are read. */
export const keptBesideFields: {
  readonly format: z.ZodLiteral<1>;
  readonly rollout: z.ZodString;
  readonly image: z.ZodString;
  readonly at: z.ZodISODateTime;
  readonly sameseedVersion: z.ZodString;
} = {
  format: z.literal(1),
  rollout: z.string(),
  image: z.string(),
  at: z.iso.datetime(),
  sameseedVersion: z.string(),
};

/** What is said of a file that is made now. */
export function keptNow(rollout: string, image: string): KeptBeside {
  return { format: 1, rollout, image, at: nowIso(), sameseedVersion: packageVersion() };
}
