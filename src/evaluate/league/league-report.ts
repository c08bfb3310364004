import { bradleyTerry, type LeagueRatings } from "../../stats/bradley-terry.ts";
import type { FaultCounts } from "../matchup/report-matchup.ts";
import type { LeagueLeg, Pairing } from "./pairing.ts";

/** A player's line of the table, beside the rating. */
export interface PlayerTally {
  readonly player: string;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  /** Mean return per game at X and at O, from the player's own view; null without a game. */
  readonly meanAsX: number | null;
  readonly meanAsO: number | null;
  readonly faults: FaultCounts;
  /** Games that the rating counts: all of them, but one where all games of two players in one order of seats are the same. */
  readonly effective: number;
}

/** One cell of the payoff matrix: all games of a player at X against another at O. */
export interface Payoff {
  readonly x: string;
  readonly o: string;
  /** Mean return of X; null without a game. */
  readonly meanReturn: number | null;
  readonly games: number;
  /** Distinct games among them; 1 if neither player uses randomness. */
  readonly distinct: number;
}

/** The table of a league. */
export interface LeagueTable {
  /** Undefined while there is no game with a result. */
  readonly ratings: LeagueRatings | undefined;
  /** In the order of the ratings. */
  readonly players: readonly PlayerTally[];
  /** Row X, column O, in the order of the ratings; null on the diagonal and where the two have not played. */
  readonly payoffs: readonly (readonly (Payoff | null)[])[];
  readonly games: number;
  /** Games that the ratings count; fewer than `games` where players without chance repeat the same one. */
  readonly effective: number;
  /** Games without a result because of a host failure. */
  readonly infra: number;
}

/** Puts the table of a league together, from whichever pairings have been played. */
export function tabulate(names: readonly string[], pairings: readonly Pairing[]): LeagueTable {
  // Sums of doubles depend on their order, and the table must not depend on that of the pairings.
  const legs = pairings.flatMap((pairing) => pairing.legs).sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const played = legs.filter((leg) => gamesOf(leg) > 0);
  // The same game again shows nothing new: no error bar may shrink by it.
  const observed = played.map(observedOf);
  const fitted = observed.length === 0 ? undefined : bradleyTerry(observed);
  const ratings = fitted && withPlayed(fitted, legs);
  const rated = ratings?.ratings.map(({ player }) => player) ?? [];
  const order = [...rated, ...names.filter((name) => !rated.includes(name))];
  const find = (x: string, o: string): LeagueLeg | undefined =>
    legs.find((leg) => leg.x === x && leg.o === o);
  return {
    ratings,
    players: order.map((player) => ({ ...tallyOf(player, legs), effective: gamesWith(player, observed) })),
    payoffs: order.map((x) => order.map((o) => payoffOf(find(x, o)))),
    games: legs.reduce((sum, leg) => sum + gamesOf(leg), 0),
    effective: observed.reduce((sum, leg) => sum + gamesOf(leg), 0),
    infra: legs.reduce((sum, { infra }) => sum + infra, 0),
  };
}

/** Games of a leg that have a result. */
export function gamesOf({ xWins, draws, oWins }: LeagueLeg): number {
  return xWins + draws + oWins;
}

function orderOf({ x, o }: LeagueLeg): string {
  return JSON.stringify([x, o]);
}

function payoffOf(leg: LeagueLeg | undefined): Payoff | null {
  if (leg === undefined) return null;
  return { x: leg.x, o: leg.o, meanReturn: meanReturn([leg]), games: gamesOf(leg), distinct: leg.distinct };
}

/** A leg as independent games: one, where all of its games are the same. */
function observedOf(leg: LeagueLeg): LeagueLeg {
  if (leg.distinct > 1) return leg;
  const one = (count: number): number => Math.min(count, 1);
  return { ...leg, xWins: one(leg.xWins), draws: one(leg.draws), oWins: one(leg.oWins) };
}

/** Ratings beside the games and points of all games that were played. */
function withPlayed(fitted: LeagueRatings, legs: readonly LeagueLeg[]): LeagueRatings {
  const ratings = fitted.ratings.map((rating) => {
    const { wins, draws } = tallyOf(rating.player, legs);
    return { ...rating, games: gamesWith(rating.player, legs), points: wins + draws / 2 };
  });
  return { ...fitted, ratings };
}

function gamesWith(player: string, legs: readonly LeagueLeg[]): number {
  return legs.reduce((sum, leg) => sum + (leg.x === player || leg.o === player ? gamesOf(leg) : 0), 0);
}

function tallyOf(player: string, legs: readonly LeagueLeg[]): Omit<PlayerTally, "effective"> {
  const asX = legs.filter(({ x }) => x === player);
  const asO = legs.filter(({ o }) => o === player);
  const sum = (of: readonly LeagueLeg[], value: (leg: LeagueLeg) => number): number =>
    of.reduce((total, leg) => total + value(leg), 0);
  const fromO = meanReturn(asO);
  return {
    player,
    wins: sum(asX, ({ xWins }) => xWins) + sum(asO, ({ oWins }) => oWins),
    draws: sum([...asX, ...asO], ({ draws }) => draws),
    losses: sum(asX, ({ oWins }) => oWins) + sum(asO, ({ xWins }) => xWins),
    meanAsX: meanReturn(asX),
    // Not a change of sign, which would make -0 of 0.
    meanAsO: fromO === null ? null : 0 - fromO,
    faults: merged([...asX.map(({ faults }) => faults.x), ...asO.map(({ faults }) => faults.o)]),
  };
}

function meanReturn(legs: readonly LeagueLeg[]): number | null {
  const games = legs.reduce((sum, leg) => sum + gamesOf(leg), 0);
  return games === 0 ? null : legs.reduce((sum, { xWins, oWins }) => sum + xWins - oWins, 0) / games;
}

function merged(all: readonly FaultCounts[]): FaultCounts {
  const counts: Record<string, number> = {};
  for (const faults of all)
    for (const [fault, times] of Object.entries(faults)) counts[fault] = (counts[fault] ?? 0) + times;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
