import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { defaultImageName } from "../image/default-image.ts";
import type { JsonObject } from "../model/json.ts";
import {
  completeLimits,
  type Limits,
  limitsSchema,
  maxLimitMs,
  type NetworkMode,
  networkSchema,
} from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import type { EnvironmentRef, GameClocks, Seat } from "../model/rollout.ts";
import { type ActionList, type SourcePath, type SourceText, seatPolicy } from "../rollout/policy-input.ts";
import type { PolicyFunction, PolicyFunctions } from "../rollout/policy-function.ts";
import { defaultIdleMs, type ResolvedOptions } from "../rollout/rollout-config.ts";
import { type BackendChoice, backendSchema } from "../rollout/rollout-host.ts";
import { type BuiltinGame, builtinGame, builtinGames } from "./builtin-games.ts";

/**
 * The policy of a seat: a Python file that defines `choose_action(board, player, rng)` or `act(observation, rng, info)`, such a
 * text itself, a fixed list of moves, a function of the caller's own process, or nobody, which forfeits. A string is the name of a built-in policy or a path
 * that ends in `.py`; any other string is refused.
 */
export type SeatPolicyInput =
  | string
  | SourcePath
  | SourceText
  | ActionList
  | PolicyFunction
  | { readonly none: true };

/** A game and who plays it. */
export interface GameSpec {
  /** A built-in game (`tictactoe`, `connect_four`), or `pettingzoo:` and an environment of its classic family, such as `pettingzoo:connect_four_v3`. */
  readonly game: string;
  /** One policy for each seat, in the order the game names them: X, then O. */
  readonly seats: readonly SeatPolicyInput[];
  /** `keep`: a policy's process lives through one game. `restart`: a fresh process makes each move. @default "keep" */
  readonly mode?: "keep" | "restart";
  /** The image's name or digest. @default "gymnasium"; "pettingzoo" for its games */
  readonly image?: string;
  /** @default "zygote" */
  readonly backend?: BackendChoice;
  /** The world the game and its seats see. @default "sealed" */
  readonly world?: WorldMode;
  /** What each sandbox may use; a seat's CPU time is its bank. */
  readonly limits?: Partial<Limits>;
  /** Whether the game has a network of its own, with the loopback device alone; seats have none. @default "none" */
  readonly network?: NetworkMode;
  /** @default {@link defaultClocks} */
  readonly clocks?: Partial<GameClocks>;
  /** How long a policy that is a function may take for one move, in milliseconds; no other clock counts its time. @default 600000 */
  readonly idleMs?: number;
  /** Truncate after this many moves. @default the game's own end */
  readonly maxSteps?: number;
  /** Keyword arguments for PettingZoo's environment. @default {} */
  readonly envArgs?: JsonObject;
}

/** The clocks a game has when none are asked for. */
export const defaultClocks: GameClocks = { moveCpuMs: 1000, bankCpuMs: 10_000, moveWallMs: 10_000 };

/** The image that PettingZoo's games are played in where none is named. */
const pettingzooImage = "pettingzoo";

const specSchema = z.object({
  game: z.string().min(1).max(200),
  seats: z.array(z.unknown()).min(1).max(8),
  mode: z.enum(["keep", "restart"]).default("keep"),
  image: z.string().min(1).optional(),
  backend: backendSchema.default("zygote"),
  world: worldModeSchema.default("sealed"),
  limits: limitsSchema.default({}),
  network: networkSchema.optional(),
  clocks: z
    .strictObject({
      moveCpuMs: z.int().min(1).max(3_600_000).optional(),
      bankCpuMs: z.int().min(1).max(3_600_000).optional(),
      moveWallMs: z.int().min(1).max(3_600_000).optional(),
    })
    .default({}),
  idleMs: z.int().min(1).max(maxLimitMs).default(defaultIdleMs),
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
  const { mode, image, backend, world, limits, network, clocks, idleMs, maxSteps, envArgs } = parsed.data;
  const environment = resolveEnvironment(spec.game);
  const seats = resolveSeats(spec.game, rulesOf(environment), spec.seats);
  const untrusted = seats.some(({ policy }) => policy.kind === "source");
  return {
    template: {
      environment,
      envArgs,
      seats,
      // Where nobody has a clock, none is part of what the game is.
      mode: untrusted ? mode : "keep",
      clocks: untrusted ? { ...defaultClocks, ...withoutUndefined(clocks) } : null,
      maxSteps: maxSteps ?? null,
      volatileInfo: [],
    },
    image: image ?? (environment.kind === "pettingzoo" ? pettingzooImage : defaultImageName),
    backend,
    world,
    limits: completeLimits(limits, network),
    functions: functionsOf(seats, spec.seats),
    idleMs,
  };
}

function functionsOf(seats: readonly Seat[], inputs: readonly SeatPolicyInput[]): PolicyFunctions {
  const called = seats.flatMap(({ seat }, at) => {
    const input = inputs[at];
    return typeof input === "function" ? [[seat, input] as const] : [];
  });
  return Object.fromEntries(called);
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Whether an environment's name is that of a game between seats: a built-in one, or one of PettingZoo's. */
export function isGame(name: string): boolean {
  return builtinGame(name) !== undefined || name.startsWith("pettingzoo:");
}

function resolveEnvironment(game: string): EnvironmentRef {
  if (builtinGame(game) !== undefined) return { kind: "builtin", id: game };
  const known = /^pettingzoo:([a-z0-9_]+)$/.exec(game);
  if (known !== null) return { kind: "pettingzoo", id: known[1]! };
  const family = /^pettingzoo:(\w+)\//.exec(game);
  const names = builtinGames().map((name) => `\`${name}\``);
  throw new SameseedError(
    "unknown_environment",
    family === null
      ? `there is no game ${JSON.stringify(game)}`
      : `PettingZoo's family ${family[1]} is not supported: only the classic games are turn-based`,
    {
      hint: `use ${names.join(", ")}, or \`pettingzoo:\` and a classic game, such as \`pettingzoo:connect_four_v3\``,
    },
  );
}

/** What a game says of itself, where it is a built-in one. */
function rulesOf(environment: EnvironmentRef): BuiltinGame | undefined {
  return environment.kind === "builtin" ? builtinGame(environment.id) : undefined;
}

function resolveSeats(
  game: string,
  rules: BuiltinGame | undefined,
  inputs: readonly SeatPolicyInput[],
): readonly Seat[] {
  if (rules !== undefined && rules.seats.length !== inputs.length)
    throw new SameseedError("bad_argument", `${game} has ${rules.seats.length} seats, not ${inputs.length}`);
  const names = ["random", ...(rules?.policies ?? [])];
  return inputs.map((input, at) => ({
    seat: rules?.seats[at] ?? String(at + 1),
    policy: seatPolicy(input, { names, actions: true, none: true, functions: true, files: true }),
  }));
}
