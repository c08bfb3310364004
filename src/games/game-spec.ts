import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as z from "zod";

import { SameseedError, toError } from "../base/error.ts";
import { defaultImageName } from "../image/default-image.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { defaultLimits, type Limits, limitsSchema } from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import type { BuiltinPolicyName, EnvironmentRef, GameClocks, SeatPolicy } from "../model/rollout.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";

/**
 * What plays a seat: a built-in policy's name, the path of a Python file that defines `choose_action(board, player, rng)`
 * or `act(observation, rng, info)`, such a source itself, moves that are decided already, or nobody, which forfeits.
 */
export type SeatPolicyInput =
  | string
  | { readonly source: string; readonly name?: string }
  | { readonly actions: readonly JsonValue[] }
  | { readonly none: true };

/** A game and who plays it. */
export interface GameSpec {
  /** `tictactoe`, or `pettingzoo:` and an environment of its classic family, such as `pettingzoo:connect_four_v3`. */
  readonly game: string;
  /** One policy for each seat, in the order the game names them: X, then O. */
  readonly seats: readonly SeatPolicyInput[];
  /** What a policy from source keeps: everything through one game, or nothing from move to move. @default "keep" */
  readonly mode?: "keep" | "restart";
  /** The image's name or digest. @default "gymnasium"; "pettingzoo" for its games */
  readonly image?: string;
  /** @default "zygote" */
  readonly backend?: "zygote" | "cold";
  /** The world the game and its seats see. @default "sealed" */
  readonly world?: WorldMode;
  /** What each sandbox may use; a seat's CPU time is its bank. */
  readonly limits?: Partial<Limits>;
  /** @default {@link defaultClocks} */
  readonly clocks?: Partial<GameClocks>;
  /** Truncate after this many moves. @default the game's own end */
  readonly maxSteps?: number;
  /** Keyword arguments for PettingZoo's environment. @default {} */
  readonly envArgs?: JsonObject;
}

/** The clocks a game has when none are asked for. */
export const defaultClocks: GameClocks = { moveCpuMs: 1000, bankCpuMs: 10_000, moveWallMs: 10_000 };

/** The image that PettingZoo's games are played in where none is named. */
const pettingzooImage = "pettingzoo";
const sourceBytesMost = 16 * 1024 * 1024;
/** The built-in policies, by name. */
export const builtinPolicies: readonly BuiltinPolicyName[] = ["random", "greedy", "minimax"];

const specSchema = z.object({
  game: z.string().min(1).max(200),
  seats: z.array(z.unknown()).min(1).max(8),
  mode: z.enum(["keep", "restart"]).default("keep"),
  image: z.string().min(1).optional(),
  backend: z.enum(["zygote", "cold"]).default("zygote"),
  world: worldModeSchema.default("sealed"),
  limits: limitsSchema.default({}),
  clocks: z
    .strictObject({
      moveCpuMs: z.int().min(1).max(3_600_000).optional(),
      bankCpuMs: z.int().min(1).max(3_600_000).optional(),
      moveWallMs: z.int().min(1).max(3_600_000).optional(),
    })
    .default({}),
  maxSteps: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  envArgs: z.record(z.string(), z.json()).default({}),
});

/**
 * Checks what is asked for, reads the files it names, and puts in the defaults.
 * @throws `bad_argument`, `bad_policy`, `unknown_environment`
 */
export function resolveGame(spec: GameSpec): ResolvedOptions {
  const parsed = specSchema.safeParse(spec);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SameseedError("bad_argument", `${issue.path.join(".") || "the game"}: ${issue.message}`);
  }
  const { mode, image, backend, world, limits, clocks, maxSteps, envArgs } = parsed.data;
  const environment = resolveEnvironment(spec.game);
  const policies = spec.seats.map(resolveSeat);
  const names = seatNames(environment, policies);
  const untrusted = policies.some(({ kind }) => kind === "source");
  return {
    template: {
      environment,
      envArgs,
      policy: {
        kind: "seats",
        // Where nobody has a clock, none is part of what the game is.
        mode: untrusted ? mode : "keep",
        clocks: untrusted ? { ...defaultClocks, ...withoutUndefined(clocks) } : defaultClocks,
        seats: policies.map((policy, at) => ({ seat: names[at]!, policy })),
      },
      maxSteps: maxSteps ?? null,
      volatileInfo: [],
    },
    image: image ?? (environment.kind === "pettingzoo" ? pettingzooImage : defaultImageName),
    backend,
    world,
    limits: { ...defaultLimits, ...withoutUndefined(limits) },
  };
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function resolveEnvironment(game: string): EnvironmentRef {
  if (game === "tictactoe") return { kind: "game", id: game };
  const known = /^pettingzoo:([a-z0-9_]+)$/.exec(game);
  if (known !== null) return { kind: "pettingzoo", id: known[1]! };
  const family = /^pettingzoo:(\w+)\//.exec(game);
  throw new SameseedError(
    "unknown_environment",
    family === null
      ? `there is no game ${JSON.stringify(game)}`
      : `PettingZoo's family ${family[1]} is not played here: only the classic games take turns`,
    { hint: "name `tictactoe`, or `pettingzoo:` and a classic game, such as `pettingzoo:connect_four_v3`" },
  );
}

function seatNames(environment: EnvironmentRef, policies: readonly SeatPolicy[]): readonly string[] {
  if (environment.kind !== "game") {
    const known = policies.find((policy) => policy.kind === "builtin" && policy.name !== "random");
    if (known === undefined) return policies.map((_, at) => String(at + 1));
    throw new SameseedError("bad_policy", "greedy and minimax play tictactoe only", {
      hint: "use `random` or a Python file that defines act(observation, rng, info)",
    });
  }
  if (policies.length === 2) return ["X", "O"];
  throw new SameseedError("bad_argument", `tictactoe has 2 seats, not ${policies.length}`);
}

function resolveSeat(policy: SeatPolicyInput): SeatPolicy {
  if (typeof policy === "string") {
    const builtin = builtinPolicies.find((name) => name === policy);
    if (builtin !== undefined) return { kind: "builtin", name: builtin };
    if (policy.endsWith(".py")) return { kind: "source", name: basename(policy), source: readSource(policy) };
    throw new SameseedError(
      "bad_policy",
      `${JSON.stringify(policy)} is neither a built-in policy nor a Python file`,
      {
        hint: "use `random`, `greedy`, `minimax`, or the path of a .py file that defines choose_action(board, player, rng)",
      },
    );
  }
  if ("none" in policy) return { kind: "none" };
  if ("actions" in policy) {
    const actions = z.array(z.json()).safeParse(policy.actions);
    if (actions.success) return { kind: "actions", actions: policy.actions };
    throw new SameseedError("bad_actions", "actions must be a list of JSON values, one a move");
  }
  const name = policy.name ?? "policy.py";
  if (!/^[^/\0]{1,200}\.py$/.test(name) || typeof policy.source !== "string") {
    throw new SameseedError("bad_policy", `${JSON.stringify(name)} is not a name for a policy`, {
      hint: "give { source, name } with a file name that ends in .py",
    });
  }
  return { kind: "source", name, source: policy.source };
}

/**
 * Reads a policy's file.
 * @throws `bad_policy` where it cannot be read, is larger than 16 MiB or not UTF-8 text
 */
export function readSource(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new SameseedError("bad_policy", `the policy's file cannot be read: ${toError(error).message}`, {
      hint: "check the path; it starts from the folder you are in",
      context: { path },
    });
  }
  if (bytes.length > sourceBytesMost)
    throw new SameseedError(
      "bad_policy",
      `the policy's file ${path} is larger than ${sourceBytesMost} bytes`,
      {
        context: { path },
      },
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SameseedError("bad_policy", `the policy's file ${path} is not UTF-8 text`, {
      context: { path },
    });
  }
}
