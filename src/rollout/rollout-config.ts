import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as z from "zod";

import { startOfText } from "../base/cut-text.ts";
import { SameseedError, toError } from "../base/error.ts";
import { defaultImageName } from "../image/default-image.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { defaultLimits, limitsSchema, type Limits } from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import type { EnvironmentRef, PolicyRef, RolloutSpec } from "../model/rollout.ts";

/**
 * What picks actions: `"random"` (the environment's own seeded `action_space.sample()`), a path to a Python file that
 * defines `act(observation, rng)`, such a source itself, or a list of actions.
 */
export type PolicyInput =
  | string
  | { readonly source: string; readonly name?: string }
  | { readonly actions: readonly JsonValue[] };

/** What every rollout of a call has in common. */
export interface RolloutOptions {
  /** A Gymnasium id, Gymnasium's `module:Id`, or `path/to/file.py:ClassName`. */
  readonly envName: string;
  /** @default "random" */
  readonly policy?: PolicyInput;
  /** Keyword arguments for the environment's constructor. @default {} */
  readonly envArgs?: JsonObject;
  /** Truncate after this many steps. @default the environment's own limit */
  readonly maxSteps?: number;
  /** Dotted paths of `info` keys to keep out of the chain, such as `episode.t`. @default [] */
  readonly volatileInfo?: readonly string[];
  /** The image's name or digest. @default "gymnasium" */
  readonly image?: string;
  /** `cold` starts an interpreter of its own for each rollout. @default "zygote" */
  readonly backend?: "zygote" | "cold";
  /**
   * `sealed`: clock, waits, entropy, file order and names follow from the seed alone. `host`: they are the machine's.
   * @default "sealed"
   */
  readonly world?: WorldMode;
  /** What each sandbox may use. @default {@link defaultLimits} */
  readonly limits?: Partial<Limits>;
  /** Ends the call, and every sandbox of it. */
  readonly signal?: AbortSignal;
}

/** One rollout. */
export interface RolloutConfig extends RolloutOptions {
  /** 0 to 2^53 - 1; the only source of randomness. */
  readonly seed: number;
}

/** Rollouts of one spec under many seeds. */
export interface BatchConfig extends RolloutOptions {
  readonly seeds: Iterable<number>;
  /** Rollouts at one time. @default twice the processors */
  readonly concurrency?: number;
}

/** A spec without its seed: what {@link RolloutOptions} say, with every file read. */
export type SpecTemplate = Omit<RolloutSpec, "seed">;

/** {@link RolloutOptions} with every default in place. */
export interface ResolvedOptions {
  readonly template: SpecTemplate;
  readonly image: string;
  readonly backend: "zygote" | "cold";
  readonly world: WorldMode;
  readonly limits: Limits;
}

const sourceBytesMax = 16 * 1024 * 1024;

const optionsSchema = z.object({
  envName: z.string().min(1).max(1000),
  envArgs: z.record(z.string(), z.json()).default({}),
  maxSteps: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  volatileInfo: z.array(z.string().min(1)).default([]),
  image: z.string().min(1).default(defaultImageName),
  backend: z.enum(["zygote", "cold"]).default("zygote"),
  world: worldModeSchema.default("sealed"),
  limits: limitsSchema.default({}),
});

/** A policy that is no text; the actions are looked at by themselves, because there may be very many. */
const policySchema = z.union([
  z.object({ actions: z.unknown().refine((actions) => actions !== undefined) }),
  z.object({ source: z.string(), name: z.string().optional() }),
]);

/**
 * Checks options, reads the files they name, and puts in the defaults.
 * @throws `bad_argument`, `bad_policy`, `unknown_environment`
 */
export function resolveOptions(options: RolloutOptions): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SameseedError("bad_argument", `${issue.path.join(".") || "the options"}: ${issue.message}`, {
      context: {
        issues: parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message })),
      },
    });
  }
  const { envArgs, maxSteps, volatileInfo, image, backend, world, limits } = parsed.data;
  return {
    template: {
      environment: resolveEnvironment(options.envName),
      envArgs,
      policy: resolvePolicy(options.policy ?? "random"),
      maxSteps: maxSteps ?? null,
      volatileInfo,
    },
    image,
    backend,
    world,
    limits: {
      ...defaultLimits,
      ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    },
  };
}

/** `path/to/file.py:ClassName` is a file; everything else is Gymnasium's to understand. */
function resolveEnvironment(envName: string): EnvironmentRef {
  const file = /^(.+\.py):([A-Za-z_]\w*)$/.exec(envName);
  if (file === null) {
    if (/\.py(:|$)/.test(envName)) {
      throw new SameseedError(
        "unknown_environment",
        `${JSON.stringify(envName)} does not say which class of the file is the environment`,
        {
          hint: "write path/to/file.py:ClassName",
        },
      );
    }
    return { kind: "gymnasium", id: envName };
  }
  const source = readSource(file[1]!, "unknown_environment", "environment");
  return { kind: "file", name: basename(file[1]!), className: file[2]!, source };
}

function resolvePolicy(policy: PolicyInput): PolicyRef {
  if (policy === "random") return { kind: "random" };
  if (typeof policy === "string") {
    if (!policy.endsWith(".py")) {
      throw new SameseedError(
        "bad_policy",
        `${JSON.stringify(policy)} is neither a built-in policy nor a Python file`,
        {
          hint: "use `random`, or the path of a .py file that defines act(observation, rng)",
        },
      );
    }
    return { kind: "source", name: basename(policy), source: readSource(policy, "bad_policy", "policy") };
  }
  if (!policySchema.safeParse(policy).success) {
    throw new SameseedError(
      "bad_policy",
      `${startOfText(JSON.stringify(policy) ?? typeof policy, 200)} is not a policy`,
      {
        hint: "use `random`, the path of a .py file, { source } or { actions }",
      },
    );
  }
  if ("actions" in policy) {
    const actions = z.array(z.json()).safeParse(policy.actions);
    if (actions.success) return { kind: "actions", actions: policy.actions };
    throw new SameseedError("bad_actions", "actions must be a list of JSON values, one a step");
  }
  const name = policy.name ?? "policy.py";
  if (!/^[^/\0]{1,200}\.py$/.test(name)) {
    throw new SameseedError("bad_policy", `${JSON.stringify(name)} is not a name for a policy`, {
      hint: "use a file name that ends in .py",
    });
  }
  return { kind: "source", name, source: policy.source };
}

function readSource(path: string, code: "unknown_environment" | "bad_policy", what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new SameseedError(code, `the ${what}'s file cannot be read: ${toError(error).message}`, {
      hint: "check the path; it starts from the folder you are in",
      context: { path },
    });
  }
  if (bytes.length > sourceBytesMax) {
    throw new SameseedError(code, `the ${what}'s file ${path} is larger than ${sourceBytesMax} bytes`, {
      context: { path },
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SameseedError(code, `the ${what}'s file ${path} is not UTF-8 text`, { context: { path } });
  }
}
