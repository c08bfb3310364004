import type { GameKey } from "../../games/play-games.ts";
import type { MatchGame } from "./match-game.ts";

/*
 * What the statistics count. A game's streams come from a digest of its seed and number, and no process outlives its game,
 * so games of one seed are as independent of each other as games of different seeds. The two games of a pair are not: they
 * have the same streams at the same seats. The pair is the unit where seats are swapped, and the game where they are not.
 *
 * A unit of which a game is missing, because the host failed, is left out as a whole: half a pair would weigh one seat more.
 */

/** One independent observation: a pair of games with swapped seats, or a single game. */
export interface Unit {
  readonly seed: number;
  readonly game: number;
  /** Policy x's return in each game: as the first seat, then as the second. */
  readonly scores: readonly number[];
  /** Their mean. */
  readonly value: number;
  /** What was played: equal for units of equal games. */
  readonly play: string;
}

/** Policy x's points in a pair: a win is worth one, a draw half. */
export function pointsOf({ scores }: Unit): number {
  return scores.reduce((sum, score) => sum + (Math.sign(score) + 1) / 2, 0);
}

/** Where a unit comes among all of a matchup's. */
export type PlaceOf = (key: GameKey) => number;

/** Games put together to units, in their order. */
export interface Units {
  readonly units: readonly Unit[];
  /** The games in them, in the same order. */
  readonly counted: readonly MatchGame[];
  /** Games the host could not play. */
  readonly infra: number;
  /** Games that were played, and left out because the other one of their pair was not. */
  readonly unpaired: number;
}

/**
 * Puts games together.
 * @param games in any order
 * @param swap whether a unit is two games
 */
export function toUnits(games: readonly MatchGame[], placeOf: PlaceOf, swap: boolean): Units {
  const sorted = [...games].sort((a, b) => placeOf(a) - placeOf(b) || Number(a.swapped) - Number(b.swapped));
  const groups = Map.groupBy(sorted, ({ seed, game }) => `${seed} ${game}`);
  const units: Unit[] = [];
  const counted: MatchGame[] = [];
  let infra = 0;
  let unpaired = 0;
  for (const group of groups.values()) {
    const [first] = group;
    const scores = group.flatMap(({ score }) => (score === null ? [] : [score]));
    infra += group.length - scores.length;
    if (first === undefined || scores.length !== (swap ? 2 : 1)) {
      unpaired += scores.length;
      continue;
    }
    counted.push(...group);
    const play = group.map(({ playDigest }) => playDigest).join(" ");
    units.push({ seed: first.seed, game: first.game, scores, value: meanOfScores(scores), play });
  }
  return { units, counted, infra, unpaired };
}

/**
 * The units that are observations. Where all are the same games, neither policy nor game uses chance: however often they are
 * played, they are one observation. Where only some are the same, they came about by chance, and each counts.
 */
export function observationsOf(units: readonly Unit[]): readonly Unit[] {
  const [first] = units;
  return first !== undefined && units.every(({ play }) => play === first.play) ? [first] : units;
}

/** The mean of one or two scores, exactly where they are small whole numbers. */
function meanOfScores(scores: readonly number[]): number {
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
