import * as z from "zod";

import type { ScoreResult } from "../model/score.ts";

const number = z.number();
const testSchema = z.strictObject({
  name: z.string(),
  verdict: z.string(),
  weight: number,
  cpuMs: number,
  wallMs: number,
  peakMemoryBytes: number,
  exitCode: number.nullable(),
  signal: z.string().nullable(),
  stdoutTail: z.string(),
  message: z.string().optional(),
  expected: z.string().optional(),
  actual: z.string().optional(),
});

/** A score as it is told or recorded elsewhere: what is in it is another's word, but not its form. */
export const scoreSchema: z.ZodType<ScoreResult> = z.strictObject({
  id: z.string(),
  task: z.string(),
  score: number.min(0).max(1).nullable(),
  verdict: z.string(),
  trustworthy: z.boolean(),
  retryable: z.boolean(),
  passed: number,
  total: number,
  tests: z.array(testSchema),
  assurance: z.enum(["full", "weak"]),
  flags: z.array(z.string()),
  message: z.string().optional(),
  digest: z.string(),
  memoised: z.boolean(),
  timings: z.strictObject({ queueMs: number, scoreMs: number, runs: number }),
}) as unknown as z.ZodType<ScoreResult>;
