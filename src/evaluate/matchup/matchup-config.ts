import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import type { NamesOf } from "../../base/known-options.ts";
import type { SeatPolicy } from "../../model/rollout.ts";
import { readSeeds } from "../../model/seed.ts";
import { type GameRules, gameRuleNames, gameRulesOf } from "../../games/game-rules.ts";
import { type GameSpec, resolveGame, type SeatPolicyInput } from "../../games/game-spec.ts";

/** Two policies and the options that all games of a matchup share. */
export interface MatchupOptions extends GameRules {
  /** The policy whose results are reported: `random`, `greedy`, `minimax`, a Python file, source text, or a function. */
  readonly policyX: SeatPolicyInput;
  /** Its opponent. */
  readonly policyO: SeatPolicyInput;
  /** `tictactoe`, `connect_four`, or a two-player PettingZoo classic game. @default "tictactoe" */
  readonly env?: string;
  /** Games under each seed; even where seats are swapped. @default 50 */
  readonly nGames?: number;
  /** Play games in pairs, each policy once at each seat with the same seed. @default true */
  readonly swap?: boolean;
  /** Groups of sandboxes at the same time. @default twice the processors */
  readonly concurrency?: number;
  /** Ends the call, and every sandbox of it. */
  readonly signal?: AbortSignal;
}

/** Every name of {@link MatchupOptions} but `swap`. */
export const swappedNames: NamesOf<Omit<MatchupOptions, "swap">> = {
  ...gameRuleNames,
  policyX: true,
  policyO: true,
  env: true,
  nGames: true,
  concurrency: true,
  signal: true,
};

/** Every name of {@link MatchupOptions}. */
export const matchupNames: NamesOf<MatchupOptions> = { ...swappedNames, swap: true };

/** A matchup under one seed. */
export interface SeedMatchupConfig extends MatchupOptions {
  /** 0 to 2^53 - 1; the only source of randomness. */
  readonly seed: number;
}

/** When a matchup ends before every game was played. */
export interface SequentialPlan {
  readonly maxPairs: number;
}

/** A matchup as it will be played: checked, with every default in place. */
export interface MatchupPlan {
  readonly env: string;
  readonly policyX: SeatPolicyInput;
  readonly policyO: SeatPolicyInput;
  readonly seeds: readonly number[];
  /** Pairs under each seed, or games where seats are not swapped. */
  readonly unitsPerSeed: number;
  readonly swap: boolean;
  /** Play until a test is decided: then blocks of pairs, one seed after the other, in place of so many under each. */
  readonly sequential?: SequentialPlan;
  /** Everything of a game but who sits where. */
  readonly rules: Omit<GameSpec, "seats">;
}

/** Games under each seed where none are asked for. */
export const defaultGames = 50;

/** Games of which it is known that a return is a win, a draw or a loss. */
const decided = /^(tictactoe|connect_four|pettingzoo:(tictactoe|connect_four|chess|go)_v\d+)$/;

const schema = z.object({
  env: z.string().min(1).max(1000).default("tictactoe"),
  nGames: z.int().min(1).max(10_000_000).default(defaultGames),
  swap: z.boolean().default(true),
});

/**
 * Checks what was asked for, reads the policies' files and puts in the defaults.
 * @throws SameseedError `bad_argument`, `bad_policy`, `unknown_environment`
 */
export function planMatchup(options: MatchupOptions, seeds: Iterable<number>): MatchupPlan {
  const parsed = schema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SameseedError("bad_argument", `${issue.path.join(".") || "the options"}: ${issue.message}`);
  }
  const { env, nGames, swap } = parsed.data;
  if (swap && nGames % 2 !== 0)
    throw new SameseedError("bad_argument", `${nGames} games cannot be split into pairs`, {
      hint: "use an even number of games under each seed, or play without swapping seats",
    });
  const rules = { game: env, ...gameRulesOf(options) };
  const [policyX, policyO] = readPolicies({ ...rules, seats: [options.policyX, options.policyO] });
  const checked = [...new Set(readSeeds(seeds))];
  if (checked.length === 0) throw new SameseedError("bad_argument", "a matchup needs at least one seed");
  return {
    env,
    policyX,
    policyO,
    seeds: checked,
    unitsPerSeed: swap ? nGames / 2 : nGames,
    swap,
    rules,
  };
}

/** The returns a game can have, where they are known: what makes an interval of few games honest. */
export function returnsOf(env: string): readonly number[] | undefined {
  return decided.test(env) ? [-1, 0, 1] : undefined;
}

/** Who sits where. */
export function specOf({ rules, policyX, policyO }: MatchupPlan, swapped: boolean): GameSpec {
  return { ...rules, seats: swapped ? [policyO, policyX] : [policyX, policyO] };
}

/** Both policies with their files read: whatever happens to a file later, all games have the same text. */
function readPolicies(spec: GameSpec): readonly [SeatPolicyInput, SeatPolicyInput] {
  const [x, o] = resolveGame(spec).template.seats.map(({ policy }, at) => {
    const given = spec.seats[at];
    return typeof given === "function" ? given : inputOf(policy);
  });
  return [x ?? { none: true }, o ?? { none: true }];
}

function inputOf(policy: SeatPolicy): SeatPolicyInput {
  if (policy.kind === "builtin") return policy.name;
  if (policy.kind === "source") {
    const { source, name, files } = policy;
    if (files === undefined) return { source, name };
    const contents = files.map(({ path, data }) => [path, Buffer.from(data, "base64")] as const);
    return { source, name, files: Object.fromEntries(contents) };
  }
  return policy.kind === "actions" ? { actions: policy.actions } : { none: true };
}
