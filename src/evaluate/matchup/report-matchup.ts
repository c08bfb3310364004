import { sha256Of, toDigest } from "../../base/digest.ts";
import { anytimeInterval } from "../../stats/anytime-interval.ts";
import type { Interval } from "../../stats/interval.ts";
import { clusterInterval } from "../../stats/mean-interval.ts";
import { countPairs } from "../../stats/score-counts.ts";
import { scoreInterval } from "../../stats/score-interval.ts";
import type { MatchGame, Side } from "./match-game.ts";
import { observationsOf, type PlaceOf, pointsOf, toUnits, type Unit, type Units } from "./units.ts";

/** What is known of a matchup before it is counted. */
export interface MatchupFacts {
  /** The digest of everything that was asked for, save the image. */
  readonly spec: string;
  readonly env: string;
  /** The names of both policies. */
  readonly x: string;
  readonly o: string;
  readonly seeds: readonly number[];
  readonly swap: boolean;
  /** In which order units were played. */
  readonly placeOf: PlaceOf;
  /** Every return that a game can have, where that is known. */
  readonly support?: readonly number[];
  /** Give the mean an interval that holds however often one looks. */
  readonly anytime: boolean;
}

/** Policy x's games at one seat. */
export interface SeatRecord {
  readonly games: number;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  /** Mean return per game from policy x's view; null of no game. */
  readonly meanReturn: number | null;
}

/** How often each fault of a policy forfeited a game. */
export type FaultCounts = Readonly<Record<string, number>>;

/** One seed of a matchup. */
export interface SeedRecord {
  readonly seed: number;
  /** Mean return per game from policy x's view; null if the host played none of its games. */
  readonly meanReturn: number | null;
  /** Alias of {@link meanReturn}; it is not a sum. */
  readonly totalReward: number | null;
  /** Moves of all its games. */
  readonly steps: number;
  /** Over the digests of all its games in order. */
  readonly digest: string;
}

/** The result of a matchup from policy x's view. */
export interface MatchupReport {
  /** The digest of everything that was asked for, save the image: equal matchups, equal digest. */
  readonly spec: string;
  readonly env: string;
  readonly x: string;
  readonly o: string;
  readonly swap: boolean;
  readonly seeds: readonly number[];
  /** Games that count. */
  readonly games: number;
  /** Distinct games among them: few if neither policy uses randomness. */
  readonly distinct: number;
  /** Units that were played: pairs of games, or games where seats are not swapped. */
  readonly units: number;
  /**
   * Independent observations among the units: what the interval and every verdict count. 1 where all units are the same games,
   * because neither policy nor game uses chance; else all of them.
   */
  readonly effective: number;
  /** Mean return per game; null if the host played none. */
  readonly meanReturn: number | null;
  /** The interval of the mean return; null without a game. */
  readonly interval: Interval | null;
  /** Policy x's games at the first seat, and at the second; null where seats are not swapped. */
  readonly perSeat: { readonly x: SeatRecord; readonly o: SeatRecord | null };
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  /** Forfeits of policy x and of policy o; they are among the losses and the wins. */
  readonly faults: Readonly<Record<Side, FaultCounts>>;
  /** Games the host could not play; they count for nobody. */
  readonly infra: number;
  /** Games left out because the other one of their pair could not be played. */
  readonly unpaired: number;
  readonly bySeed: readonly SeedRecord[];
}

/** Counts a matchup. The order in which games finished does not matter. */
export function reportMatchup(games: readonly MatchGame[], facts: MatchupFacts): MatchupReport {
  return reportUnits(games, toUnits(games, facts.placeOf, facts.swap), facts);
}

/** The same for games that were put together before. */
export function reportUnits(games: readonly MatchGame[], found: Units, facts: MatchupFacts): MatchupReport {
  const { spec, env, x, o, seeds, swap } = facts;
  const { units, counted, infra, unpaired } = found;
  const observed = observationsOf(units);
  const all = seatRecord(counted);
  return {
    spec,
    env,
    x,
    o,
    swap,
    seeds,
    games: counted.length,
    distinct: new Set(counted.map(({ playDigest }) => playDigest)).size,
    units: units.length,
    effective: observed.length,
    meanReturn: all.meanReturn,
    interval: observed.length === 0 ? null : intervalOf(observed, facts),
    perSeat: {
      x: seatRecord(counted.filter(({ swapped }) => !swapped)),
      o: swap ? seatRecord(counted.filter(({ swapped }) => swapped)) : null,
    },
    wins: all.wins,
    draws: all.draws,
    losses: all.losses,
    faults: { x: faultsOf("x", counted), o: faultsOf("o", counted) },
    infra,
    unpaired,
    bySeed: bySeed(games, counted, seeds),
  };
}

/** The interval of the mean return per game, from independent units in the order of their seeds and numbers. */
export function intervalOf(
  units: readonly Unit[],
  { support, swap, anytime }: Pick<MatchupFacts, "support" | "swap" | "anytime">,
): Interval {
  if (anytime) {
    const range = support === undefined ? [-1, 1] : [Math.min(...support), Math.max(...support)];
    const values = units.map(({ value }) => value);
    return anytimeInterval(values, { range: [range[0]!, range[1]!] }).interval;
  }
  if (swap && isDecided(support)) {
    // A mean return from -1 to 1 is a score from 0 to 1 on another scale.
    const { low, high, level, method } = scoreInterval(countPairs(units.map(pointsOf)));
    return { low: 2 * low - 1, high: 2 * high - 1, level, method };
  }
  return clusterInterval(
    units.map(({ scores }) => scores),
    support === undefined ? {} : { support },
  ).interval;
}

/** Whether a game is won, drawn or lost, and nothing else. */
function isDecided(support: readonly number[] | undefined): boolean {
  return support !== undefined && support.every((value) => value === -1 || value === 0 || value === 1);
}

function seatRecord(games: readonly MatchGame[]): SeatRecord {
  let sum = 0;
  let [wins, draws, losses] = [0, 0, 0];
  for (const { score } of games) {
    if (score === null) continue;
    sum += score;
    if (score > 0) wins++;
    else if (score < 0) losses++;
    else draws++;
  }
  const played = wins + draws + losses;
  return { games: played, wins, draws, losses, meanReturn: played === 0 ? null : sum / played };
}

function faultsOf(side: Side, games: readonly MatchGame[]): FaultCounts {
  const counts = new Map<string, number>();
  for (const { forfeit } of games)
    if (forfeit?.by === side) counts.set(forfeit.fault, (counts.get(forfeit.fault) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function bySeed(
  games: readonly MatchGame[],
  counted: readonly MatchGame[],
  seeds: readonly number[],
): SeedRecord[] {
  const grouped = Map.groupBy(games, ({ seed }) => seed);
  const countedOf = Map.groupBy(counted, ({ seed }) => seed);
  return seeds.flatMap((seed) => {
    const own = grouped.get(seed);
    if (own === undefined) return [];
    const { meanReturn } = seatRecord(countedOf.get(seed) ?? []);
    return [
      {
        seed,
        meanReturn,
        totalReward: meanReturn,
        steps: own.reduce((sum, { steps }) => sum + steps, 0),
        digest: digestOf(own),
      },
    ];
  });
}

/** One digest for many games: other bytes in any of them, or other games, give another. */
export function digestOf(games: readonly MatchGame[]): string {
  const sorted = [...games].sort((a, b) => a.game - b.game || Number(a.swapped) - Number(b.swapped));
  return toDigest(
    sha256Of(sorted.map(({ game, swapped, digest }) => `${game} ${swapped ? "o" : "x"} ${digest}\n`)),
  );
}
