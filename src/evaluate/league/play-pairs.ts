import { type GameSpec, playGames, type PlayGamesOptions } from "../../games/play-games.ts";
import { type LeagueGame, toLeagueGame } from "./pairing.ts";

/** One who sits at a seat. */
export type Player = GameSpec["seats"][number];

/** Which games to play, but for who sits where. */
export interface GamesToPlay {
  readonly game: Omit<GameSpec, "seats">;
  readonly seed: number;
  readonly numbers: readonly number[];
}

/** The games of both orders of seats: first with the first player at X. */
export type PlayedPairs = readonly [readonly LeagueGame[], readonly LeagueGame[]];

/** Plays games in one order of seats. @returns them by number */
export async function playLeg(
  { game, seed, numbers }: GamesToPlay,
  seats: readonly [Player, Player],
  options: PlayGamesOptions = {},
): Promise<readonly LeagueGame[]> {
  const keys = numbers.map((number) => ({ seed, game: number }));
  const games: LeagueGame[] = [];
  for await (const result of playGames({ ...game, seats }, keys, options)) games.push(toLeagueGame(result));
  return games.sort((one, other) => one.game - other.game);
}

/**
 * Plays each game in both orders of seats. Both games of a pair have the same seed, so that what is drawn at a seat is drawn in
 * both.
 */
export async function playPairs(
  games: GamesToPlay,
  [a, b]: readonly [Player, Player],
  options: PlayGamesOptions = {},
): Promise<PlayedPairs> {
  const first = await playLeg(games, [a, b], options);
  return [first, await playLeg(games, [b, a], options)];
}
