import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import type { RolloutFault } from "../../model/outcome.ts";
import type { GameClocks } from "../../model/rollout.ts";
import type { SourcePath, SourceText } from "../../rollout/policy-input.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import { type GameRules, gameRuleNames, gameRulesOf } from "../../games/game-rules.ts";
import { defaultClocks, resolveGame } from "../../games/game-spec.ts";
import { playGames, type GameResult, type GameSpec, type SeatFault } from "../../games/play-games.ts";
import { inspectPolicy, type PolicyInterface } from "./inspect-policy.ts";

/** Games that are played where none are asked for. */
const defaultGames = 3;

/** How a policy is checked. `mode` is what it keeps from move to move when it plays in earnest. */
export interface CheckOptions extends GameRules {
  /** `tictactoe`, `connect_four`, or a two-player PettingZoo classic game. @default "tictactoe" */
  readonly game?: string;
  /** Games of the policy against itself. @default 3 */
  readonly games?: number;
  /** @default 0 */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called with each game as it ends. */
  readonly onGame?: () => void;
}

const checkNames: NamesOf<CheckOptions> = {
  ...gameRuleNames,
  game: true,
  games: true,
  seed: true,
  signal: true,
  onGame: true,
};

/** A policy that can be checked: a string is a path that ends in `.py`. */
export type CheckedPolicy = string | SourcePath | SourceText;

/** A fault of the policy in a game against itself. */
export interface CheckedFault {
  readonly game: number;
  readonly seat: string;
  readonly fault: SeatFault;
  /** The exception's type, or a word such as `limit`, `signal`, `exit`. */
  readonly type: string;
  readonly message: string;
  /** The move that could not be made, from 1. */
  readonly step?: number;
  /** The line of the policy's file that raised. */
  readonly line?: number;
  /** Python's traceback. */
  readonly traceback?: string;
}

/** The result of a check. */
export interface PolicyCheck {
  readonly policy: string;
  readonly game: string;
  readonly mode: "keep" | "restart";
  /** Null if the file cannot be loaded, or defines neither function. */
  readonly interface: PolicyInterface | null;
  /** Games played, each against itself: the policy sat in every seat of each. */
  readonly games: number;
  readonly moves: number;
  readonly faults: readonly CheckedFault[];
  /** CPU time of its sandboxes, loading included, in ms; null if it made no move. */
  readonly cpu: {
    /** The mean over all moves of all games. */
    readonly meanMoveMs: number;
    /** Of the seat that used most in one game. */
    readonly mostMs: number;
    /** What a seat may use in one game. */
    readonly bankMs: number;
  } | null;
  /** Whether every game gave the same bytes when it was played again. */
  readonly deterministic: boolean;
  /** Whether it plays the same in restart mode; null if it failed. */
  readonly restartEqualsKeep: boolean | null;
  /** Games the host could not play. */
  readonly infra: number;
  /** No fault, the same bytes twice, and no host failure. */
  readonly ok: boolean;
}

/**
 * Plays a policy against itself and reports its faults and whether it repeats.
 *
 * @example
 * const { ok, faults, deterministic } = await checkPolicy("my_policy.py");
 *
 * @param policy a Python file, or its text; a string is a path that ends in `.py`
 * @throws `bad_argument`, `bad_policy` if the file cannot be read; faults are in the result
 *
 * @experimental
 */
export async function checkPolicy(policy: CheckedPolicy, options: CheckOptions = {}): Promise<PolicyCheck> {
  refuseUnknownOptions(options, checkNames, "checkPolicy");
  const { game = "tictactoe", games = defaultGames, mode = "keep" } = options;
  if (!Number.isSafeInteger(games) || games < 1 || games > 1000)
    throw new SameseedError("bad_argument", `games must be a whole number from 1 to 1000, not ${games}`);
  const resolved = resolveGame(specOf(policy, options, mode));
  const { name, source } = sourceOf(resolved);
  const clocks = resolved.template.clocks ?? defaultClocks;
  const first = await play(policy, options, mode);
  const again = await play(policy, options, mode);
  const other = await play(policy, options, mode === "keep" ? "restart" : "keep");
  const faults = first.flatMap(faultsOf);
  const moves = first.reduce((sum, result) => sum + result.moves, 0);
  const used = first.flatMap(({ rollout }) => rollout?.seats ?? []).map(({ cpuMs }) => cpuMs);
  const meanMoveMs = used.reduce((sum, ms) => sum + ms, 0) / moves;
  const infra = [...first, ...again, ...other].filter((result) => result.infra !== undefined).length;
  const deterministic = digestsOf(first, "digest") === digestsOf(again, "digest");
  const restartEqualsKeep =
    faults.length > 0 ? null : digestsOf(first, "contentDigest") === digestsOf(other, "contentDigest");
  return {
    policy: name,
    game,
    mode,
    interface: (await inspect({ name, source }, resolved, clocks, options.signal)) ?? null,
    games,
    moves,
    faults,
    cpu: moves === 0 ? null : { meanMoveMs, mostMs: Math.max(...used), bankMs: clocks.bankCpuMs },
    deterministic,
    restartEqualsKeep,
    infra,
    ok: faults.length === 0 && deterministic && infra === 0,
  };
}

function specOf(policy: CheckedPolicy, options: CheckOptions, mode: "keep" | "restart"): GameSpec {
  return { ...gameRulesOf(options), game: options.game ?? "tictactoe", seats: [policy, policy], mode };
}

function sourceOf(resolved: ResolvedOptions): { readonly name: string; readonly source: string } {
  const own = resolved.template.seats[0]!.policy;
  if (own.kind === "source" && own.files !== undefined)
    throw new SameseedError("bad_argument", "a policy with files beside it cannot be checked", {
      hint: "check the file alone; matchups and rollouts take the files",
    });
  if (own.kind === "source") return own;
  throw new SameseedError("bad_policy", "built-in policies cannot be checked", {
    hint: "name a Python file that defines choose_action(board, player, rng) or act(observation, rng, info)",
  });
}

async function inspect(
  policy: { readonly name: string; readonly source: string },
  resolved: ResolvedOptions,
  { moveCpuMs, moveWallMs }: GameClocks,
  signal: AbortSignal | undefined,
): Promise<PolicyInterface | undefined> {
  const { limits } = resolved;
  const cpuMs = Math.min(limits.cpuMs, moveCpuMs);
  const wallMs = Math.min(limits.wallMs, moveWallMs);
  const { backend } = await openHost(resolved);
  return await inspectPolicy(backend, policy, { ...limits, cpuMs, wallMs }, signal);
}

/** Plays the games of one check, in order. */
async function play(
  policy: CheckedPolicy,
  options: CheckOptions,
  mode: "keep" | "restart",
): Promise<GameResult[]> {
  const { games = defaultGames, seed = 0, signal, onGame } = options;
  const keys = Array.from({ length: games }, (_, game) => ({ seed, game }));
  const results: GameResult[] = [];
  const playing = playGames(specOf(policy, options, mode), keys, signal === undefined ? {} : { signal });
  for await (const result of playing) {
    results.push(result);
    onGame?.();
  }
  return results.sort((a, b) => a.game - b.game);
}

function digestsOf(results: readonly GameResult[], which: "digest" | "contentDigest"): string {
  return results.map(({ rollout }) => rollout?.summary[which] ?? "none").join();
}

function faultsOf({ game, forfeit, rollout }: GameResult): CheckedFault[] {
  if (forfeit === undefined) return [];
  const { type = "", traceback } = rollout?.summary.error ?? {};
  const line = lineOf(rollout?.summary.error);
  return [
    {
      game,
      ...forfeit,
      type,
      ...(line === undefined ? {} : { line }),
      ...(traceback === undefined ? {} : { traceback }),
    },
  ];
}

/** The innermost line of the policy's own file that a traceback or a message names. */
export function lineOf(error: RolloutFault | undefined): number | undefined {
  const text = `${error?.message ?? ""}\n${error?.traceback ?? ""}`;
  const named = [
    ...text.matchAll(/File "\/tmp\/policy\/[^"\n]*", line (\d{1,9})|\.py, line (\d{1,9})\)/g),
  ].at(-1);
  const found = named?.[1] ?? named?.[2];
  return found === undefined ? undefined : Number(found);
}
