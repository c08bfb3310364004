import * as z from "zod";
import { branchLineageSchema } from "./branch.ts";
import { networkSchema } from "./limits.ts";
import { faultKinds, outcomes } from "./outcome.ts";
import type { Receipt, WorldMode } from "./receipt.ts";
import type { JsonValue } from "./json.ts";
import type { RewardSum } from "./reward-sum.ts";
import type { RolloutSummary } from "./rollout.ts";
import { seedSchema } from "./seed.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const milliseconds = z.number().min(0);

/** `sealed` or `host`. */
export const worldModeSchema: z.ZodType<WorldMode> = z.enum(["sealed", "host"]);

/** Reads a {@link Receipt} back from JSON. */
export const receiptSchema: z.ZodType<Receipt> = z.strictObject({
  backend: z.enum(["zygote", "cold"]),
  wall: z.strictObject({
    namespaces: z.array(z.string()),
    seccomp: z.string(),
    network: networkSchema,
    user: z.strictObject({
      host: z.int(),
      inside: z.int(),
      ids: z.enum(["own", "shared"]).exactOptional(),
    }),
    outer: z.string(),
  }),
  limits: z.strictObject({
    wallMs: z.int(),
    cpuMs: z.int(),
    memoryMb: z.int(),
    processes: z.int(),
    diskMb: z.int(),
    outputBytes: z.int(),
    network: z.literal("loopback").exactOptional(),
  }),
  enforcedBy: z.enum(["cgroup-v2", "cgroup-v1", "rlimits"]),
  world: z.strictObject({
    mode: worldModeSchema,
    addressesFixed: z.boolean(),
    hashSeed: z.int(),
    numericClass: z.string(),
    clock: z.strictObject({ epoch: z.iso.datetime(), tickNs: z.int(), stepNs: z.int() }).exactOptional(),
    fingerprint: digest.exactOptional(),
    // Receipts from before there was a sealed world do not have it.
    notHeld: z.array(z.string()).default([]),
  }),
  image: z.strictObject({ name: z.string(), digest: z.string() }),
  tier: z.enum(["none", "T1", "T2", "T3"]),
  start: z
    .union([
      z.strictObject({ prepared: z.literal(true) }),
      z.strictObject({ prepared: z.literal(false), reason: z.string() }),
    ])
    .exactOptional(),
  engine: z.enum(["fork", "replay"]).exactOptional(),
  host: z.strictObject({ kernel: z.string(), architecture: z.string() }),
});

/**
 * JSON has no words for these numbers, and a sum of rewards may be each of them; in JSON they are text.
 */
const unwritable: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** A sum of rewards as a JSON value that {@link rolloutSummarySchema} reads back to the same numbers. */
export function rewardToJson(sum: RewardSum): JsonValue {
  if (sum === null) return null;
  if (Object.is(sum, -0)) return "-0";
  if (typeof sum === "number") return Number.isFinite(sum) ? sum : String(sum);
  if (Array.isArray(sum)) return sum.map(rewardToJson);
  return Object.fromEntries(Object.entries(sum).map(([key, item]) => [key, rewardToJson(item)]));
}

const anyNumber = z.union([
  z.number(),
  z.enum(["NaN", "Infinity", "-Infinity", "-0"]).transform((text) => unwritable[text] ?? Number.NaN),
]);

const rewardSum: z.ZodType<RewardSum> = z.lazy(() =>
  z.union([anyNumber, z.null(), z.array(rewardSum), z.record(z.string(), rewardSum)]),
);

/** Reads a {@link RolloutSummary} back from JSON whose `totalReward` went through {@link rewardToJson}. */
export const rolloutSummarySchema: z.ZodType<RolloutSummary> = z.strictObject({
  seed: seedSchema,
  branch: branchLineageSchema.exactOptional(),
  outcome: z.enum(outcomes),
  totalReward: rewardSum,
  steps: z.int().min(0),
  digest,
  contentDigest: digest,
  playDigest: digest,
  seeded: z.array(z.string()),
  warnings: z.array(z.string()),
  receipt: receiptSchema,
  timings: z.strictObject({ startMs: milliseconds, runMs: milliseconds, totalMs: milliseconds }),
  error: z
    .strictObject({
      by: z.enum(["environment", "policy"]),
      kind: z.enum(faultKinds),
      seat: z.string().exactOptional(),
      type: z.string(),
      message: z.string(),
      step: z.int().min(0).exactOptional(),
      traceback: z.string().exactOptional(),
    })
    .exactOptional(),
});
