import { badNumber, levelOf } from "./interval.ts";
import { inverseOf, times } from "./linear-system.ts";
import { normalQuantile } from "./normal.ts";
import { isSeparable, type Meeting } from "./separable-results.ts";

/*
 * Ratings of a whole league at once. Policies do not learn between games, so order carries no information: one maximum
 * likelihood fit over all results (Bradley and Terry, Biometrika 39, 1952) with one parameter for the advantage of the
 * first seat:
 *
 *   X's expected score in i against j  =  1 / (1 + exp(-(rᵢ - rⱼ + s)))
 *
 * A draw is half a win and half a loss. The log-likelihood is concave, Newton's method finds its top; standard errors
 * are from the Fisher information there. They take each game for a coin toss, so they are too large, never too small,
 * where many games are drawn.
 *
 * Where results leave a rating unbounded (someone won every game), each player is given `prior` drawn games against a
 * player of average strength, and the answer says so.
 */

/** All games of one pair of players in one order of seats. */
export interface LeagueResult {
  readonly x: string;
  readonly o: string;
  readonly xWins: number;
  readonly draws: number;
  readonly oWins: number;
}

/** One line of the rating table. */
export interface Rating {
  readonly player: string;
  /** Elo above the average of all players. */
  readonly elo: number;
  /** Standard error of `elo`. */
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
  readonly games: number;
  readonly points: number;
}

/** The fit of a league. */
export interface LeagueRatings {
  /** Best first; equal ratings by name. */
  readonly ratings: readonly Rating[];
  /** Elo by which the first seat is better than the second between equals; null if it was not asked for. */
  readonly seatAdvantage: { readonly elo: number; readonly standardError: number } | null;
  /** Covariances of the ratings in Elo², in the order of `ratings`: two players' difference has cᵢᵢ + cⱼⱼ - 2cᵢⱼ. */
  readonly covariance: readonly (readonly number[])[];
  /** Drawn games added for each player; if not requested, above 0 only where `separable`. */
  readonly prior: number;
  /** Whether the results alone leave some rating, or the seat advantage, unbounded. */
  readonly separable: boolean;
  readonly level: number;
}

/** How to rate. */
export interface LeagueOptions {
  /** @default 0.95 */
  readonly level?: number;
  /** Whether to estimate an advantage of the first seat. @default true */
  readonly seatAdvantage?: boolean;
  /** Drawn games against an average player that each player is given. @default 0, or 1 where results are separable */
  readonly prior?: number;
}

/** Elo per unit of log-odds. */
const eloPerLogit = 400 / Math.LN10;

interface Model {
  readonly players: number;
  readonly meetings: readonly Meeting[];
  readonly withSeat: boolean;
  readonly prior: number;
}

/**
 * Ratings and seat advantage from all results of a league, in whatever order.
 * @throws SameseedError `bad_argument` for no games, counts that are not whole, a prior that is not a number ≥ 0, or a prior
 * of 0 where the results have no finite fit
 */
export function bradleyTerry(results: readonly LeagueResult[], options: LeagueOptions = {}): LeagueRatings {
  const level = levelOf(options);
  const players = [...new Set(results.flatMap(({ x, o }) => [x, o]))].sort();
  const meetings = meetingsOf(results, players);
  const withSeat = options.seatAdvantage ?? true;
  const separable = isSeparable(players.length, meetings, withSeat);
  const prior = options.prior ?? (separable ? 1 : 0);
  if (!(prior >= 0 && prior < Infinity)) throw badNumber("prior", prior, "a number of 0 or more");
  if (separable && prior === 0)
    throw badNumber("prior", prior, "a number above 0 where results leave a rating unbounded");
  const { top, covariance } = fit({ players: players.length, meetings, withSeat, prior });
  const order = players.map((_, index) => index).sort((a, b) => (top[b] ?? 0) - (top[a] ?? 0) || a - b);
  const elo2 = eloPerLogit ** 2;
  const z = normalQuantile((1 + level) / 2);
  const ratings = order.map((index): Rating => {
    const elo = (top[index] ?? 0) * eloPerLogit;
    const standardError = Math.sqrt(Math.max(covariance[index]?.[index] ?? 0, 0)) * eloPerLogit;
    const own = tally(meetings, index);
    const reach = z * standardError;
    return { player: players[index] ?? "", elo, standardError, low: elo - reach, high: elo + reach, ...own };
  });
  const seat = players.length;
  return {
    ratings,
    seatAdvantage: withSeat
      ? {
          elo: (top[seat] ?? 0) * eloPerLogit,
          standardError: Math.sqrt(covariance[seat]?.[seat] ?? 0) * eloPerLogit,
        }
      : null,
    covariance: order.map((row) => order.map((column) => (covariance[row]?.[column] ?? 0) * elo2)),
    prior,
    separable,
    level,
  };
}

function meetingsOf(results: readonly LeagueResult[], players: readonly string[]): readonly Meeting[] {
  const meetings = results.map((result) => {
    for (const count of [result.xWins, result.draws, result.oWins]) {
      if (!Number.isSafeInteger(count) || count < 0)
        throw badNumber("results", count, "whole numbers of 0 or more");
    }
    return {
      x: players.indexOf(result.x),
      o: players.indexOf(result.o),
      xPoints: result.xWins + result.draws / 2,
      oPoints: result.oWins + result.draws / 2,
    };
  });
  if (!meetings.some(({ xPoints, oPoints }) => xPoints + oPoints > 0))
    throw badNumber("results", "nothing", "at least one game");
  return meetings;
}

function tally(meetings: readonly Meeting[], player: number): { games: number; points: number } {
  let games = 0;
  let points = 0;
  for (const { x, o, xPoints, oPoints } of meetings) {
    if (x === player || o === player) games += xPoints + oPoints;
    if (x === player) points += xPoints;
    if (o === player) points += oPoints;
  }
  return { games, points };
}

/** The ratings (mean 0) and the seat advantage, in log-odds, with their covariance. */
function fit(model: Model): { readonly top: readonly number[]; readonly covariance: readonly number[][] } {
  const size = model.players + (model.withSeat ? 1 : 0);
  let point: readonly number[] = Array.from({ length: size }, () => 0);
  for (let step = 0; step < 200; step++) {
    const { gradient, information } = slopes(model, point);
    const change = times(inverted(anchored(information, model.players)), gradient);
    let share = 1;
    let next = point.map((value, index) => value + (change[index] ?? 0));
    while (share > 1e-6 && logLikelihood(model, next) < logLikelihood(model, point)) {
      share /= 2;
      next = point.map((value, index) => value + share * (change[index] ?? 0));
    }
    point = next;
    if (Math.max(...change.map(Math.abs)) < 1e-11) break;
  }
  const { information } = slopes(model, point);
  const inverse = inverted(anchored(information, model.players));
  const mean = point.slice(0, model.players).reduce((sum, value) => sum + value, 0) / model.players;
  return {
    top: point.map((value, index) => (index < model.players ? value - mean : value)),
    covariance: centred(inverse, model.players),
  };
}

/** The log-likelihood's gradient, and the Fisher information, at a point. */
function slopes(model: Model, point: readonly number[]): { gradient: number[]; information: number[][] } {
  const size = point.length;
  const gradient = point.map(() => 0);
  const information = Array.from({ length: size }, () => point.map(() => 0));
  for (const { direction, won, lost } of terms(model)) {
    const expected = logistic(dot(direction, point));
    const surplus = won - (won + lost) * expected;
    const weight = (won + lost) * expected * (1 - expected);
    for (const [row, a] of direction) {
      gradient[row] = (gradient[row] ?? 0) + a * surplus;
      const line = information[row] ?? [];
      for (const [column, b] of direction) line[column] = (line[column] ?? 0) + a * b * weight;
    }
  }
  return { gradient, information };
}

function logLikelihood(model: Model, point: readonly number[]): number {
  let sum = 0;
  for (const { direction, won, lost } of terms(model)) {
    const edge = dot(direction, point);
    sum -= won * softplus(-edge) + lost * softplus(edge);
  }
  return sum;
}

interface Term {
  /** Which parameters make up the edge in strength, and with which factor. */
  readonly direction: readonly (readonly [parameter: number, factor: number])[];
  readonly won: number;
  readonly lost: number;
}

function* terms({ players, meetings, withSeat, prior }: Model): Generator<Term> {
  const seat = withSeat ? [[players, 1] as const] : [];
  for (const { x, o, xPoints, oPoints } of meetings) {
    // In games against oneself only the seat differs.
    const seats = x === o ? [] : [[x, 1] as const, [o, -1] as const];
    yield { direction: [...seats, ...seat], won: xPoints, lost: oPoints };
  }
  if (prior === 0) return;
  for (let parameter = 0; parameter < players + seat.length; parameter++)
    yield { direction: [[parameter, 1]], won: prior / 2, lost: prior / 2 };
}

function dot(direction: Term["direction"], point: readonly number[]): number {
  return direction.reduce((sum, [index, factor]) => sum + factor * (point[index] ?? 0), 0);
}

/** Adds the one direction that results say nothing of, all ratings together, so that there is an inverse. */
function anchored(information: readonly number[][], players: number): number[][] {
  return information.map((row, i) =>
    row.map((value, j) => value + (i < players && j < players ? 1 / players : 0)),
  );
}

function inverted(information: readonly number[][]): number[][] {
  const inverse = inverseOf(information);
  if (inverse !== undefined) return inverse;
  // Finite in theory, out of reach in doubles: some result is all but certain, and others are not.
  throw badNumber("prior", "none", "a number above 0 where results are too one-sided for a fit");
}

/** C A Cᵀ, with C subtracting the mean rating: the covariance of ratings whose mean is 0. */
function centred(covariance: readonly number[][], players: number): number[][] {
  const centre = (values: readonly number[]): number[] => {
    const mean = values.slice(0, players).reduce((sum, value) => sum + value, 0) / players;
    return values.map((value, index) => (index < players ? value - mean : value));
  };
  const rows = covariance.map(centre);
  const columns = rows.map((_, index) => centre(rows.map((row) => row[index] ?? 0)));
  return columns.map((_, row) => columns.map((column) => column[row] ?? 0));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** ln(1 + eˣ), without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
