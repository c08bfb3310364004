import type { GameKey, SeatPolicyInput } from "../../games/play-games.ts";
import type { MatchGame } from "./match-game.ts";
import { type MatchupPlan } from "./matchup-config.ts";
import { playMatchup, type PlayMatchupOptions } from "./play-matchup.ts";

/*
 * Plays a policy against itself with swapped seats. Both games of a pair then have the same seed, policies and
 * streams: they are the same game, and every byte must be equal. If not, the policy depends on something besides the
 * seed, and no comparison could be verified.
 */

/** Seeds that are played. */
export const selfCheckSeeds = 4;

/** Pairs under each of them. */
const pairsEach = 2;

/** The result of playing a policy against itself. */
export interface SelfCheck {
  /** Seeds that were compared. */
  readonly seeds: number;
  /** Seeds on which every difference was 0 and every trajectory byte-equal. */
  readonly equal: number;
  /** The first game of each seed that was not. */
  readonly unequal: readonly {
    readonly policy: string;
    readonly seed: number;
    readonly game: number;
  }[];
}

/** Where a limit ends a game, how far it came depends on the machine's load: that says nothing of the policy's own play. */
const cutOff: ReadonlySet<string> = new Set(["cpu_limit", "wall_limit", "memory_limit", "output_limit"]);

/**
 * Plays each policy of a plan against itself.
 * @throws while playing, as `playGames`
 */
export async function checkAgainstItself(
  plan: MatchupPlan,
  names: { readonly x: string; readonly o: string },
  options: PlayMatchupOptions,
): Promise<SelfCheck> {
  const keys = selfCheckKeys(plan.seeds);
  const both = [
    { name: names.x, policy: plan.policyX },
    { name: names.o, policy: plan.policyO },
  ];
  const different = isSame(plan.policyX, plan.policyO) ? both.slice(0, 1) : both;
  const found: SelfCheck["unequal"][number][] = [];
  for (const { name, policy } of different) {
    const games: MatchGame[] = [];
    const own = { ...plan, policyX: policy, policyO: policy, swap: true };
    for await (const { game } of playMatchup(own, keys, options)) games.push(game);
    found.push(...unequalPairs(games).map((key) => ({ policy: name, ...key })));
  }
  const unequalSeeds = new Set(found.map(({ seed }) => seed));
  return { seeds: selfCheckSeeds, equal: selfCheckSeeds - unequalSeeds.size, unequal: found };
}

/** Four seeds: the first ones of the matchup, and the numbers after the last where they are fewer. */
export function selfCheckKeys(seeds: readonly number[]): GameKey[] {
  const chosen = seeds.slice(0, selfCheckSeeds);
  for (let next = 0; chosen.length < selfCheckSeeds; next++) if (!chosen.includes(next)) chosen.push(next);
  return chosen.flatMap((seed) => Array.from({ length: pairsEach }, (_, game) => ({ seed, game })));
}

/**
 * The pairs of a policy's games against itself whose games differ, the first of each seed. Pairs with a game that the host
 * could not play, or that a limit ended, say nothing.
 */
export function unequalPairs(games: readonly MatchGame[]): GameKey[] {
  const found = new Map<number, GameKey>();
  for (const pair of Map.groupBy(games, ({ seed, game }) => `${seed} ${game}`).values()) {
    const [one, other] = pair;
    if (one === undefined || other === undefined || pair.some(saysNothing)) continue;
    // Seen by the seat, since the policy is the same: a loss of the first seat in both is a difference of 0.
    if (one.digest === other.digest && one.score === -(other.score ?? 0) + 0) continue;
    const before = found.get(one.seed);
    if (before === undefined || one.game < before.game)
      found.set(one.seed, { seed: one.seed, game: one.game });
  }
  return [...found.values()].sort((a, b) => a.seed - b.seed);
}

function saysNothing({ score, forfeit }: MatchGame): boolean {
  return score === null || (forfeit !== undefined && cutOff.has(forfeit.fault));
}

/** Functions are the same where they are one; everything else where it says the same. */
function isSame(a: SeatPolicyInput, b: SeatPolicyInput): boolean {
  if (typeof a === "function" || typeof b === "function") return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}
