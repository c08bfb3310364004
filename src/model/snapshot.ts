import * as z from "zod";
import type { JsonObject } from "./json.ts";
import { limitsSchema, type Limits } from "./limits.ts";
import type { WorldMode } from "./receipt.ts";
import { worldModeSchema } from "./rollout-schema.ts";
import type { EnvironmentRef } from "./rollout.ts";
import { seedSchema } from "./seed.ts";

/** The version of {@link RolloutSnapshot}. */
export const snapshotVersion = 1 as const;

/**
 * A state of a rollout as a small JSON value: not its memory, but everything that leads to it and the chain value that
 * proves it. Played again anywhere, it is that state or it is refused.
 */
export interface RolloutSnapshot {
  readonly format: "sameseed.snapshot";
  readonly version: 1;
  /** The image's name when the rollout was started, and the digest of what it held. */
  readonly image: { readonly name: string; readonly digest: string };
  readonly world: WorldMode;
  readonly environment: EnvironmentRef;
  readonly envArgs: JsonObject;
  readonly seed: number;
  readonly maxSteps: number | null;
  readonly volatileInfo: readonly string[];
  readonly limits: Limits;
  /** The step it is after; 0 is the reset. */
  readonly step: number;
  /** The chain value at that step: `sha256:…`. */
  readonly chain: string;
  /** The value of the content chain. */
  readonly content: string;
  /** The root, and each branch on the way to this state. */
  readonly parts: readonly SnapshotPart[];
}

/** What one manifest stands for in a {@link RolloutSnapshot}. */
export interface SnapshotPart {
  /** The manifest, from which the part's chain starts. */
  readonly manifest: JsonObject;
  /** The step it ends with. */
  readonly step: number;
  /** The recorded actions of its steps: base64 of a canonical CBOR list. */
  readonly actions: string;
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const jsonObject = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;
const name = z.string().min(1).max(1000);

const environment: z.ZodType<EnvironmentRef> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("gymnasium"), id: name }),
  z.strictObject({ kind: z.literal("builtin"), id: name }),
  z.strictObject({ kind: z.literal("pettingzoo"), id: name }),
  z.strictObject({
    kind: z.literal("file"),
    name: z
      .string()
      .max(255)
      .regex(/^(?!\.{1,2}$)[^/\0]+$/),
    className: name,
    source: z.string(),
  }),
]);

/** Reads a {@link RolloutSnapshot}. */
export const snapshotSchema: z.ZodType<RolloutSnapshot> = z.strictObject({
  format: z.literal("sameseed.snapshot"),
  version: z.literal(snapshotVersion),
  image: z.strictObject({ name: z.string().max(1000), digest }),
  world: worldModeSchema,
  environment,
  envArgs: jsonObject,
  seed: seedSchema,
  maxSteps: z.int().min(1).nullable(),
  volatileInfo: z.array(z.string().max(1000)).max(10_000),
  limits: limitsSchema.transform((limits) => limits as Limits),
  step: z.int().min(0),
  chain: digest,
  content: digest,
  parts: z
    .array(
      z.strictObject({
        manifest: jsonObject,
        step: z.int().min(0),
        actions: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/),
      }),
    )
    .min(1)
    .max(10_000),
});
