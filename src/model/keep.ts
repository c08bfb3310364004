import * as z from "zod";

/**
 * Which trajectories a run keeps: `full` all, `failures` those of rollouts that were no complete episode, `digest` none, and a
 * number that share of the seeds. Rows, with outcome, return and digests, are always kept.
 */
export type Keep = "full" | "failures" | "digest" | number;

/** {@link Keep} in `run.json`. */
export const keepSchema: z.ZodType<Keep> = z.union([
  z.enum(["full", "failures", "digest"]),
  z.number().gt(0).lt(1),
]);
