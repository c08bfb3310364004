/*
 * Theory of operation. What a client asks for is text and names of what is in an image. Wherever the SDK would take a path of
 * this machine, the schemas here have no place for one: an environment's source goes through a file of the server's own, which
 * the SDK reads at once and which is gone before anything runs.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";

import { defaultImageName } from "../../image/default-image.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import { type GivenLimits, type Limits, limitsSchema, maxLimitMs } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { worldModeSchema } from "../../model/rollout-schema.ts";
import type { PolicyInput } from "../../rollout/rollout-config.ts";
import { checkKnownImage, imageNameSchema } from "./known-image.ts";

/** An environment as a client names it. */
export type EnvironmentRequest =
  | string
  | { readonly source: string; readonly className: string; readonly name: string };

const pythonFile = z
  .string()
  .regex(/^[A-Za-z_]\w{0,100}\.py$/, "a name is a Python file's, such as my_env.py");

/** Reads an {@link EnvironmentRequest}. */
export const environmentSchema: z.ZodType<EnvironmentRequest> = z.union([
  z
    .string()
    .min(1)
    .max(1000)
    .refine(
      (name) => !/\.py(:|$)/.test(name),
      "files of the server are not read: send { source, className }",
    ),
  z.strictObject({
    source: z.string(),
    className: z.string().regex(/^(?:[\w-]{1,100}\/)?[\w.-]{1,200}$/),
    name: pythonFile.default("environment.py"),
  }),
]);

/** Contents by relative path. */
export const filesSchema: z.ZodType<Readonly<Record<string, string | Uint8Array>>> = z
  .record(
    z.string().max(500),
    z.union([z.strictObject({ text: z.string() }), z.strictObject({ base64: z.base64() })]),
  )
  .transform((files) =>
    Object.fromEntries(
      Object.entries(files).map(([path, content]): [string, string | Uint8Array] => [
        path,
        "text" in content ? content.text : Buffer.from(content.base64, "base64"),
      ]),
    ),
  );

const sourcePolicy = z.strictObject({
  source: z.string(),
  name: pythonFile.optional(),
  files: filesSchema.optional(),
});
const actionsPolicy = z.strictObject({ actions: z.array(z.json()) });

/** One policy: text, actions, or a built-in one. @param names the built-in ones */
export function policySchema(names: readonly string[]): z.ZodType<PolicyRequest> {
  return z.union([z.enum(names), sourcePolicy, actionsPolicy]) as z.ZodType<PolicyRequest>;
}

/** A policy as a client gives it. */
export type PolicyRequest =
  | string
  | {
      readonly source: string;
      readonly name?: string;
      readonly files?: Readonly<Record<string, string | Uint8Array>>;
    }
  | { readonly actions: readonly JsonValue[] };

/** What every rollout may be asked for with. */
export const rolloutFields: { readonly [K in keyof RolloutRequest]-?: z.ZodType<RolloutRequest[K]> } = {
  env: environmentSchema,
  envArgs: z.record(z.string(), z.json()).optional(),
  files: filesSchema.optional(),
  maxSteps: z.int().min(1).optional(),
  volatileInfo: z.array(z.string().min(1)).max(1000).optional(),
  image: imageNameSchema.default(defaultImageName),
  backend: z.enum(["zygote", "cold"]).optional(),
  world: worldModeSchema.optional(),
  limits: limitsSchema.optional(),
};

/** How long a rollout waits for a step, in ms. */
export const idleField: z.ZodOptional<z.ZodInt> = z.int().min(1).max(maxLimitMs).optional();

const singlePolicy = policySchema(["random"]);
/** One policy, or a list with one for each agent. */
export const policiesSchema: z.ZodType<PolicyRequest | PolicyRequest[]> = z.union([
  singlePolicy,
  z.array(singlePolicy).min(1).max(64),
]);

/** {@link rolloutFields}, read. */
export interface RolloutRequest {
  readonly env: EnvironmentRequest;
  readonly envArgs?: JsonObject | undefined;
  readonly files?: Readonly<Record<string, string | Uint8Array>> | undefined;
  readonly maxSteps?: number | undefined;
  readonly volatileInfo?: string[] | undefined;
  readonly image: string;
  readonly backend?: "zygote" | "cold" | undefined;
  readonly world?: WorldMode | undefined;
  readonly limits?: GivenLimits | undefined;
}

/** The SDK's options for a request, without the environment. */
export interface SdkOptions {
  readonly envArgs?: JsonObject;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly maxSteps?: number;
  readonly volatileInfo?: readonly string[];
  readonly image: string;
  readonly backend?: "zygote" | "cold";
  readonly world?: WorldMode;
  readonly limits?: Partial<Limits>;
}

/** What the SDK is given for a request, without the environment. @throws `image_missing` */
export function sdkOptions(request: RolloutRequest): SdkOptions {
  const { envArgs, files, maxSteps, volatileInfo, backend, world, limits } = request;
  const given = { envArgs, files, maxSteps, volatileInfo, backend, world, limits };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...(named as Omit<SdkOptions, "image">), image: checkKnownImage(request.image) };
}

/** What the SDK is given for policies. */
export function sdkPolicy(policy: PolicyRequest | readonly PolicyRequest[]): PolicyInput | PolicyInput[] {
  return policy as PolicyInput | PolicyInput[];
}

/**
 * Calls the SDK with the name of a client's environment. Its source is in a file until the call returns its promise: by then
 * the SDK has read it.
 */
export async function withEnvironment<T>(
  env: EnvironmentRequest,
  call: (envName: string) => Promise<T>,
): Promise<T> {
  if (typeof env === "string") return await call(env);
  const folder = mkdtempSync(join(tmpdir(), "sameseed-serve-"));
  let called: Promise<T>;
  try {
    const path = join(folder, env.name);
    writeFileSync(path, env.source);
    called = call(`${path}:${env.className}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return await called;
}

/** An environment's name in summaries: never a path of the server's machine. */
export function nameOf(env: EnvironmentRequest): string {
  return typeof env === "string" ? env : `${env.name}:${env.className}`;
}
