import * as z from "zod";

import { faultKinds, outcomes, type Outcome } from "../../src/model/outcome.ts";
import { receiptSchema } from "../../src/model/rollout-schema.ts";
import type { Receipt } from "../../src/model/receipt.ts";

/*
 * What the command line prints as JSON, as others script against it. Objects are strict where the set of keys is part of
 * the promise.
 */

/** A number, or the text that stands for one that JSON has no word for. */
type AnyNumber = number | "NaN" | "Infinity" | "-Infinity";

interface RolloutDocument {
  seed: number;
  outcome: Outcome;
  totalReward: AnyNumber | null;
  steps: number;
  digest: string;
  contentDigest: string;
  playDigest: string;
  warnings?: string[] | undefined;
  receipt: Receipt;
  timings: { startMs: number; runMs: number; totalMs: number };
  error?: { by: string; type: string; message: string; step?: number | undefined } | undefined;
}

interface Summary {
  rollouts: number;
  outcomes: Record<string, number>;
  meanReturn: AnyNumber | null;
  meanReward: AnyNumber | null;
  wallMs: number;
  rolloutsPerSecond: number;
}

interface RunDocument {
  runId: string;
  dir: string;
  spec: { seeds: number[]; envArgs: Record<string, unknown> };
  rollouts: RolloutDocument[];
  summary: Summary;
}

interface Diverged {
  seed: number;
  firstDivergence: { step: number; field: string; path: string; expected: unknown; actual: unknown };
}

type StepDocument = { step: number; reward?: AnyNumber | undefined };

interface ErrorDocument {
  error: { code: string; message: string; hint?: string | undefined };
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

/** One rollout of `run --json` and a line of `run --ndjson`. */
export const rolloutDocument: z.ZodType<RolloutDocument> = z.strictObject({
  seed: z.int(),
  outcome: z.enum(outcomes),
  totalReward: number.nullable(),
  steps: z.int(),
  digest,
  contentDigest: digest,
  playDigest: digest,
  warnings: z.array(z.string()).min(1).optional(),
  receipt: receiptSchema,
  timings: z.strictObject({ startMs: z.number(), runMs: z.number(), totalMs: z.number() }),
  error: z
    .strictObject({
      by: z.enum(["environment", "policy"]),
      kind: z.enum(faultKinds),
      seat: z.string().optional(),
      type: z.string(),
      message: z.string(),
      step: z.int().optional(),
      traceback: z.string().optional(),
    })
    .optional(),
});

const summary = z.strictObject({
  rollouts: z.int(),
  outcomes: z.record(z.string(), z.int()),
  meanReturn: number.nullable(),
  meanReward: number.nullable(),
  wallMs: z.number().positive(),
  rolloutsPerSecond: z.number().min(0),
});

/** `run --json`. */
export const runDocument: z.ZodType<RunDocument> = z.strictObject({
  runId: z.string(),
  dir: z.string(),
  spec: z.strictObject({
    environment: z.looseObject({ kind: z.string() }),
    files: z.array(z.strictObject({ path: z.string(), data: z.string() })).exactOptional(),
    envArgs: z.record(z.string(), z.json()),
    seats: z.array(z.strictObject({ seat: z.string(), policy: z.looseObject({ kind: z.string() }) })),
    mode: z.enum(["keep", "restart"]),
    clocks: z.null(),
    maxSteps: z.int().nullable(),
    volatileInfo: z.array(z.string()),
    seeds: z.array(z.int()),
  }),
  rollouts: z.array(rolloutDocument),
  summary,
});

/** The last line of `run --ndjson`. */
export const lastLine: z.ZodType<{ dir: string; summary: Summary }> = z.strictObject({
  runId: z.string(),
  dir: z.string(),
  summary,
});

/** `verify --json`; more keys may follow. */
export const verifyDocument: z.ZodType<{ verified: boolean; diverged: Diverged[] }> = z.looseObject({
  verified: z.boolean(),
  diverged: z.array(
    z.looseObject({
      seed: z.int(),
      firstDivergence: z.looseObject({
        step: z.int(),
        field: z.string(),
        path: z.string(),
        expected: z.json(),
        actual: z.json(),
      }),
    }),
  ),
});

/** A line of `show --json`. */
export const stepDocument: z.ZodType<StepDocument> = z.union([
  z.strictObject({ step: z.literal(0), observation: z.json(), info: z.json() }),
  z.strictObject({
    step: z.int().min(1),
    action: z.json(),
    observation: z.json(),
    reward: number,
    terminated: z.boolean(),
    truncated: z.boolean(),
    info: z.json(),
  }),
]);

/** What is printed instead where JSON was asked for and there is none to give. */
export const errorDocument: z.ZodType<ErrorDocument> = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    context: z.record(z.string(), z.json()).optional(),
  }),
});
