import type { GameKey } from "../../games/play-games.ts";
import type { MatchupPlan } from "./matchup-config.ts";
import type { PlaceOf } from "./units.ts";

/*
 * Which units a matchup has, and in which order. A matchup of fixed size goes seed by seed. A sequential one goes block by
 * block, a block being pairs of one seed that are played together, and through all seeds before it comes back to the first:
 * wherever it stops, each seed has about as many pairs as any other.
 */

/** How many pairs are played between two looks of a sequential test. */
export const pairsPerBlock = 8;

/** What decides the order of units. */
type Layout = Pick<MatchupPlan, "seeds" | "unitsPerSeed" | "sequential">;

/** Every unit of a matchup, in order; of a sequential one as many as it may have. */
export function keysOf(plan: Layout): GameKey[] {
  const { seeds, unitsPerSeed, sequential } = plan;
  if (sequential !== undefined)
    return Array.from({ length: blocksOf(sequential.maxPairs) }, (_, block) => blockKeys(plan, block)).flat();
  return seeds.flatMap((seed) => Array.from({ length: unitsPerSeed }, (_, game) => ({ seed, game })));
}

/** How many blocks so many pairs are; the last may be smaller. */
export function blocksOf(maxPairs: number): number {
  return Math.ceil(maxPairs / pairsPerBlock);
}

/** The pairs of one block of a sequential matchup. */
export function blockKeys({ seeds, sequential }: Layout, block: number): GameKey[] {
  const seed = seeds[block % seeds.length] ?? 0;
  const first = Math.floor(block / seeds.length) * pairsPerBlock;
  const left = (sequential?.maxPairs ?? Infinity) - block * pairsPerBlock;
  return Array.from({ length: Math.max(0, Math.min(pairsPerBlock, left)) }, (_, at) => ({
    seed,
    game: first + at,
  }));
}

/** Where each unit of a matchup comes in {@link keysOf}. */
export function placesOf({ seeds, unitsPerSeed, sequential }: Layout): PlaceOf {
  const places = new Map(seeds.map((seed, place) => [seed, place]));
  return ({ seed, game }) => {
    const place = places.get(seed) ?? 0;
    if (sequential === undefined) return place * unitsPerSeed + game;
    const block = Math.floor(game / pairsPerBlock) * seeds.length + place;
    return block * pairsPerBlock + (game % pairsPerBlock);
  };
}
