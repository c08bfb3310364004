import * as z from "zod";

import { sha256Of, toDigest } from "../../base/digest.ts";
import type { GameResult } from "../../games/play-games.ts";
import type { FaultCounts } from "../matchup/report-matchup.ts";

/*
 * The counts of a pairing's games, for each order of seats. Forfeits are included in the wins and also counted by
 * fault. Games that the host could not play are only counted as such.
 */

/** One game as a league needs it. */
export interface LeagueGame {
  readonly game: number;
  /** X's view, forfeits counted: above 0 for a win, below for a loss; null if the host could not play it. */
  readonly score: number | null;
  /** The fault by which the loser forfeited. */
  readonly fault?: string;
  /** Empty if nothing was recorded. */
  readonly digest: string;
  /** The digest of what was played: equal for equal games. */
  readonly playDigest: string;
}

/** All games of one player at X against another at O. */
export interface LeagueLeg {
  readonly x: string;
  readonly o: string;
  readonly xWins: number;
  readonly draws: number;
  readonly oWins: number;
  /** Forfeits by fault, of each seat; they are among the wins. */
  readonly faults: { readonly x: FaultCounts; readonly o: FaultCounts };
  /** Games without a result because of a host failure. */
  readonly infra: number;
  /** Distinct games among those with a result. */
  readonly distinct: number;
  /** Over the digests of all games in order. */
  readonly digest: string;
}

/** The games of two players, each at X once in every pair. */
export interface Pairing {
  readonly legs: readonly [LeagueLeg, LeagueLeg];
  /** Pairs by the first player's points: 0, ½, 1, 1½, 2. Pairs with a game that has no result are left out. */
  readonly pentanomial: readonly [number, number, number, number, number];
}

/** What a league keeps of a game. */
export function toLeagueGame({ game, score, forfeit, rollout }: GameResult): LeagueGame {
  return {
    game,
    score,
    ...(forfeit === undefined ? {} : { fault: forfeit.fault }),
    digest: rollout?.summary.digest ?? "",
    playDigest: rollout?.summary.playDigest ?? "",
  };
}

const count = z.int().min(0);
const faults = z.record(z.string(), count);
const leg = z.strictObject({
  x: z.string(),
  o: z.string(),
  xWins: count,
  draws: count,
  oWins: count,
  faults: z.strictObject({ x: faults, o: faults }),
  infra: count,
  distinct: count,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

/** The form of a {@link Pairing}. */
export const pairingSchema: z.ZodType<Pairing> = z.strictObject({
  legs: z.tuple([leg, leg]),
  pentanomial: z.tuple([count, count, count, count, count]),
});

/**
 * Counts the games of two players.
 * @param first the games with `a` at X, and `second` those with `b` at X; a pair is two games of the same number
 */
export function countPairing(
  [a, b]: readonly [string, string],
  first: readonly LeagueGame[],
  second: readonly LeagueGame[],
): Pairing {
  const pentanomial: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  const others = new Map(second.map(({ game, score }) => [game, score]));
  for (const { game, score } of first) {
    const other = others.get(game);
    if (score === null || other === null || other === undefined) continue;
    // Two games give -2 to 2 from the first player's view.
    const index = Math.sign(score) - Math.sign(other) + 2;
    pentanomial[index] = (pentanomial[index] ?? 0) + 1;
  }
  return { legs: [countLeg(a, b, first), countLeg(b, a, second)], pentanomial };
}

function countLeg(x: string, o: string, unordered: readonly LeagueGame[]): LeagueLeg {
  const games = [...unordered].sort((one, other) => one.game - other.game);
  const played = games.filter(({ score }) => score !== null);
  const ended = (score: number): number =>
    played.filter((game) => Math.sign(game.score ?? 0) === score).length;
  return {
    x,
    o,
    xWins: ended(1),
    draws: ended(0),
    oWins: ended(-1),
    // A forfeit is the loser's, whatever the environment calls its seats.
    faults: { x: faultsWith(-1, played), o: faultsWith(1, played) },
    infra: games.length - played.length,
    distinct: new Set(played.map(({ playDigest }) => playDigest)).size,
    digest: toDigest(sha256Of(games.map(({ game, digest }) => `${game} ${digest}\n`))),
  };
}

function faultsWith(score: number, games: readonly LeagueGame[]): FaultCounts {
  const counts = new Map<string, number>();
  for (const game of games)
    if (game.fault !== undefined && Math.sign(game.score ?? 0) === score)
      counts.set(game.fault, (counts.get(game.fault) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
