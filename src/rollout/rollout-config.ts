import { basename } from "node:path";
import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import type { NamesOf } from "../base/known-options.ts";
import { defaultImageName } from "../image/default-image.ts";
import type { JsonObject } from "../model/json.ts";
import {
  completeLimits,
  limitNames,
  limitsSchema,
  maxLimitMs,
  networkSchema,
  type Limits,
  type NetworkMode,
} from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import {
  onlySeat,
  type EnvironmentRef,
  type RolloutSpec,
  type Seat,
  type SeatPolicy,
} from "../model/rollout.ts";
import {
  readSourceFile,
  seatPolicy,
  type ActionList,
  type SourcePath,
  type SourceText,
} from "./policy-input.ts";
import { type FilesInput, readFiles } from "./read-files.ts";
import type { Past } from "../trajectory/lineage.ts";
import type { PolicyFunction, PolicyFunctions } from "./policy-function.ts";
import type { RolloutFleet } from "./rollout-fleet.ts";
import { type BackendChoice, backendSchema } from "./rollout-host.ts";

/**
 * What picks actions: a Python file that defines `act(observation, rng, info)` or `choose_action(board, player, rng)`,
 * its source text, a list of actions, or a function of the caller's own process. A string is `"random"` (the environment's own seeded `action_space.sample()`) or a path that ends in `.py`;
 * any other string is refused.
 */
export type PolicyInput = string | SourcePath | SourceText | ActionList | PolicyFunction;

/** Options that all rollouts of a call share. */
export interface RolloutOptions {
  /**
   * A Gymnasium id, Gymnasium's `module:Id`, `module:Class`, `path/to/file.py:ClassName`, `path/to/file.py:Id` of what the
   * file registers, or `parallel:` and a module that has PettingZoo's `parallel_env()`, such as
   * `parallel:mpe2.simple_spread_v3`.
   */
  readonly envName: string;
  /**
   * What picks actions. For an environment whose agents act together: one policy for all of them, which sees and returns
   * dicts by agent, or a list with one for each agent, each of which sees its own part.
   * @default "random"
   */
  readonly policy?: PolicyInput | readonly PolicyInput[];
  /**
   * What lies beside the environment: a folder, or contents by relative paths. The environment runs in that folder, so that it
   * imports its modules and opens its files by relative paths. @default nothing: only the environment's own file
   */
  readonly files?: FilesInput;
  /** Keyword arguments for the environment's constructor. @default {} */
  readonly envArgs?: JsonObject;
  /** Truncate after this many steps. @default the environment's own limit */
  readonly maxSteps?: number;
  /** Dotted paths of `info` keys to keep out of the chain, such as `episode.t`. @default [] */
  readonly volatileInfo?: readonly string[];
  /** The image's name or digest. @default "gymnasium" */
  readonly image?: string;
  /** `zygote`, `cold` (a new interpreter for each rollout), or a backend that you created. @default "zygote" */
  readonly backend?: BackendChoice;
  /**
   * `sealed`: clock, waits, entropy, file order and names follow from the seed alone. `host`: they are the machine's.
   * @default "sealed"
   */
  readonly world?: WorldMode;
  /** What each sandbox may use. @default {@link defaultLimits} */
  readonly limits?: Partial<Limits>;
  /**
   * `loopback`: the environment has a network of its own with the loopback device alone, to talk to programs that it starts.
   * The same as in `limits`.
   * @default "none"
   */
  readonly network?: NetworkMode;
  /**
   * How long a policy that is a function may take for one action, in milliseconds; its rollout then ends as `wall_limit`. No
   * other clock counts its time.
   * @default 600000
   */
  readonly idleMs?: number;
  /**
   * `prepared`: the environment is made once, in a process that is copied for each rollout. The bytes are the same, but for
   * addresses of objects that a program shows; where that cannot be told, rollouts start as usual, and their receipts say why.
   * @default "usual"
   */
  readonly start?: StartMode;
  /** Ends the call, and every sandbox of it. */
  readonly signal?: AbortSignal;
}

/** How rollouts start. */
export type StartMode = "usual" | "prepared";

/** One rollout. */
export interface RolloutConfig extends RolloutOptions {
  /** 0 to 2^53 - 1; the only source of randomness. */
  readonly seed: number;
}

/** Rollouts of one spec under many seeds. */
export interface BatchConfig extends RolloutOptions {
  readonly seeds: Iterable<number>;
  /** Rollouts at the same time. @default twice the processors */
  readonly concurrency?: number;
  /** Other machines that run the rollouts; {@link concurrency} is then theirs to choose. @default this one */
  readonly fleet?: RolloutFleet;
}

/** A spec without its seed: what {@link RolloutOptions} say, with every file read. */
export type SpecTemplate = Omit<RolloutSpec, "seed">;

/** What the branches of one call have in common. */
export interface ResolvedBranch {
  readonly seed: number;
  readonly past: Past;
  /** By the number of the branch. */
  readonly reseeds: readonly (number | null)[];
}

/** {@link RolloutOptions} with every default in place. */
export interface ResolvedOptions {
  readonly template: SpecTemplate;
  readonly image: string;
  readonly backend: BackendChoice;
  readonly world: WorldMode;
  readonly limits: Limits;
  /** What its rollouts go on from, where they are branches; they are then known by their numbers in place of seeds. */
  readonly branch?: ResolvedBranch;
  /** The functions that answer for seats of kind `caller`, by seat. @default none */
  readonly functions?: PolicyFunctions;
  /** How long the caller may take for one answer, in milliseconds. @default {@link defaultIdleMs} */
  readonly idleMs?: number;
  /** @default "usual" */
  readonly start?: StartMode;
}

/** How long a caller may take for one answer where nothing else is asked for: 10 minutes. */
export const defaultIdleMs = 600_000;

/** Every name of {@link RolloutOptions}. */
export const rolloutOptionNames: NamesOf<RolloutOptions> = {
  envName: true,
  policy: true,
  files: true,
  envArgs: true,
  maxSteps: true,
  volatileInfo: true,
  image: true,
  backend: true,
  world: true,
  limits: limitNames,
  network: true,
  idleMs: true,
  start: true,
  signal: true,
};

/** Every name of {@link BatchConfig}. */
export const batchNames: NamesOf<BatchConfig> = {
  ...rolloutOptionNames,
  seeds: true,
  concurrency: true,
  fleet: true,
};

const optionsSchema = z.object({
  envName: z.string().min(1).max(1000),
  envArgs: z.record(z.string(), z.json()).default({}),
  maxSteps: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  volatileInfo: z.array(z.string().min(1)).default([]),
  image: z.string().min(1).default(defaultImageName),
  backend: backendSchema.default("zygote"),
  world: worldModeSchema.default("sealed"),
  limits: limitsSchema.default({}),
  network: networkSchema.optional(),
  idleMs: z.int().min(1).max(maxLimitMs).default(defaultIdleMs),
  start: z.enum(["usual", "prepared"]).default("usual"),
});

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
  const { envArgs, maxSteps, volatileInfo, image, backend, world, limits, network, idleMs, start } =
    parsed.data;
  const { policy = "random" } = options;
  const environment = resolveEnvironment(options.envName);
  const main = environment.kind === "file" ? environment : undefined;
  return {
    template: {
      environment,
      ...(options.files === undefined ? {} : readFiles(options.files, main)),
      envArgs,
      seats: resolveSeats(policy),
      mode: "keep",
      clocks: null,
      maxSteps: maxSteps ?? null,
      volatileInfo,
    },
    image,
    backend,
    world,
    limits: completeLimits(limits, network),
    ...(typeof policy === "function" ? { functions: { [onlySeat]: policy } } : {}),
    idleMs,
    start,
  };
}

/** `path/to/file.py:ClassName` or `path/to/file.py:Id` is a file; everything else is Gymnasium's to understand. */
function resolveEnvironment(envName: string): EnvironmentRef {
  const file = /^(.+\.py):((?:[\w-]+\/)?[\w.-]+)$/.exec(envName);
  if (file === null) {
    if (/\.py(:|$)/.test(envName)) {
      throw new SameseedError(
        "unknown_environment",
        `${JSON.stringify(envName)} does not name the environment's class in the file`,
        {
          hint: "write path/to/file.py:ClassName, or path/to/file.py:Id where the file registers it",
        },
      );
    }
    const parallel = /^parallel:([A-Za-z_][\w.]*)$/.exec(envName);
    return parallel === null ? { kind: "gymnasium", id: envName } : { kind: "parallel", id: parallel[1]! };
  }
  const source = readSourceFile(file[1]!, "unknown_environment", "environment");
  return { kind: "file", name: basename(file[1]!), className: file[2]!, source };
}

/** One seat for one policy; for a list of several a seat each, numbered from 1. */
function resolveSeats(policy: PolicyInput | readonly PolicyInput[]): readonly Seat[] {
  const isList = (given: typeof policy): given is readonly PolicyInput[] => Array.isArray(given);
  if (!isList(policy)) return [{ seat: onlySeat, policy: resolvePolicy(policy) }];
  if (policy.length === 1) return [{ seat: onlySeat, policy: resolvePolicy(policy[0]!) }];
  if (policy.length === 0)
    throw new SameseedError("bad_policy", "the list of policies is empty", {
      hint: "give one policy for all agents, or one for each",
    });
  return policy.map((own, at) => ({ seat: String(at + 1), policy: resolvePolicy(own) }));
}

function resolvePolicy(input: PolicyInput): SeatPolicy {
  return seatPolicy(input, { names: ["random"], actions: true, functions: true, files: true });
}
