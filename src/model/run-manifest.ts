import * as z from "zod";
import { branchParentSchema, reseedSchema, type BranchSpec } from "./branch.ts";
import { imageManifestSchema, type ImageManifest } from "./image-manifest.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Limits } from "./limits.ts";
import type { WorldMode } from "./receipt.ts";
import { type Keep, keepSchema } from "./keep.ts";
import { worldModeSchema } from "./rollout-schema.ts";
import type { RunOptions, RunSpec } from "./rollout.ts";
import { seedSchema } from "./seed.ts";

/** The format of run folders and of the trajectories in them. */
export const runFormat = 2 as const;

/** The most seats a rollout may have: a sandbox has so many links. */
const seatsMost = 8;

/** What a run is. It is written when the folder is created and never changes, save that seeds may be added to the run. */
export interface RunManifest {
  /** The format of the run folder (`docs/run-folder.md`). */
  readonly format: 2;
  /** A name for this run, unique in practice. */
  readonly runId: string;
  /** What every rollout of the run does, and its seeds. */
  readonly spec: RunSpec;
  /** The image's name when the run was started, and what it held. */
  readonly image: { readonly name: string; readonly manifest: ImageManifest };
  /** What one sandbox may use. */
  readonly limits: Limits;
  /** Which backend starts the sandboxes. */
  readonly backend: RunOptions["backend"];
  /** Which world the rollouts see. */
  readonly world: WorldMode;
  /** Which trajectories it keeps. @default full */
  readonly keep?: Keep;
  /** When the folder was made, in ISO 8601. */
  readonly createdAt: string;
  /** The version of Sameseed that made the folder. */
  readonly sameseedVersion: string;
}

/** Text that lies beside `run.json` as `inputs/<hex of digest>`. */
export interface InputRef {
  /** SHA-256 of the text's UTF-8 bytes. */
  readonly digest: string;
  readonly bytes: number;
}

/** An environment in `run.json`: the text of a file is kept beside it. */
export type StoredEnvironment =
  | { readonly kind: "gymnasium" | "builtin" | "pettingzoo" | "parallel"; readonly id: string }
  | { readonly kind: "file"; readonly name: string; readonly className: string; readonly source: InputRef };

/** A file of a spec in `run.json`: its bytes are kept beside it. */
export interface StoredFile {
  readonly path: string;
  readonly data: InputRef;
}

/** A seat in `run.json`. */
export interface StoredSeat {
  readonly seat: string;
  readonly policy: StoredSeatPolicy;
}

/** A seat's policy in `run.json`: its text or its actions (as JSON) are kept beside it. */
export type StoredSeatPolicy =
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "none" | "caller" }
  | { readonly kind: "actions"; readonly actions: InputRef }
  | {
      readonly kind: "source";
      readonly name: string;
      readonly source: InputRef;
      readonly files?: readonly StoredFile[];
    };

/** A {@link RunSpec} in `run.json`. */
export type StoredSpec = Omit<RunSpec, "environment" | "files" | "seats" | "branch"> & {
  readonly environment: StoredEnvironment;
  readonly files?: readonly StoredFile[];
  readonly seats: readonly StoredSeat[];
  readonly branch?: StoredBranch;
};

/** A {@link BranchSpec} in `run.json`: the trajectories of the past are kept beside it. */
export type StoredBranch = Omit<BranchSpec, "past"> & { readonly past: readonly InputRef[] };

/** `run.json`: a {@link RunManifest} with its longer texts kept as files of their own. */
export type StoredRunManifest = Omit<RunManifest, "spec"> & { readonly spec: StoredSpec };

/** How deep JSON values of a spec may nest. */
export const maxJsonDepth = 128;

/** The most bytes one text of a spec (an environment, a policy, a list of actions) may have. */
export const maxInputBytes: number = 64 * 1024 * 1024;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const inputRef = z.strictObject({ digest, bytes: z.int().min(0).max(maxInputBytes) });
const fileName = z
  .string()
  .max(255)
  .regex(/^(?!\.{1,2}$)[^/\0]+$/);
const count = z.int().min(1);

/** A path that stays in its folder. */
const relativePath = z
  .string()
  .max(1000)
  .regex(/^(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)*$/);

const files = z
  .array(z.strictObject({ path: relativePath, data: inputRef }))
  .min(1)
  .max(10_000)
  .exactOptional();

const environment = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum(["gymnasium", "builtin", "pettingzoo", "parallel"]),
    id: z.string().min(1).max(1000),
  }),
  z.strictObject({
    kind: z.literal("file"),
    name: fileName,
    className: z.string().min(1).max(1000),
    source: inputRef,
  }),
]);

const seatPolicy = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("builtin"), name: z.string().min(1).max(100) }),
  z.strictObject({ kind: z.enum(["none", "caller"]) }),
  z.strictObject({ kind: z.literal("actions"), actions: inputRef }),
  z.strictObject({ kind: z.literal("source"), name: z.string().min(1).max(1000), source: inputRef, files }),
]);

const seats = z
  .array(z.strictObject({ seat: z.string().min(1).max(100), policy: seatPolicy }))
  .min(1)
  .max(seatsMost);

const clocks = z.strictObject({ moveCpuMs: count, bankCpuMs: count, moveWallMs: count }).nullable();

const branch = z.strictObject({
  parent: branchParentSchema,
  step: z.int().min(0),
  reseeds: z.array(reseedSchema.nullable()).min(1),
  past: z.array(inputRef).min(1),
});

/** A list of actions, as `inputs/` holds it. */
export const actionsSchema: z.ZodType<readonly JsonValue[]> = z.custom<readonly JsonValue[]>(
  (value) => Array.isArray(value) && isJson(value, maxJsonDepth),
  "not a list of JSON values",
);

const jsonObject = z.custom<JsonObject>(
  (value) => !Array.isArray(value) && typeof value === "object" && isJson(value, maxJsonDepth),
  "not a JSON object",
);

/** Reads `run.json` of format 2. */
export const storedRunManifestSchema: z.ZodType<StoredRunManifest> = z.strictObject({
  format: z.literal(runFormat),
  runId: z.string().min(1).max(200),
  spec: z.strictObject({
    environment,
    files,
    envArgs: jsonObject,
    seats,
    mode: z.enum(["keep", "restart"]),
    clocks,
    maxSteps: count.nullable(),
    volatileInfo: z.array(z.string().max(1000)).max(10_000),
    seeds: z.array(seedSchema),
    branch: branch.exactOptional(),
  }),
  image: z.strictObject({ name: z.string().max(1000), manifest: imageManifestSchema }),
  limits: z.strictObject({
    wallMs: count,
    cpuMs: count,
    memoryMb: count,
    processes: count,
    diskMb: count,
    outputBytes: count,
    network: z.literal("loopback").exactOptional(),
  }),
  backend: z.enum(["zygote", "cold"]),
  world: worldModeSchema,
  keep: keepSchema.exactOptional(),
  createdAt: z.iso.datetime(),
  sameseedVersion: z.string().max(100),
});

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth === 0) return false;
  return Object.values(value).every((inner) => isJson(inner, depth - 1));
}
