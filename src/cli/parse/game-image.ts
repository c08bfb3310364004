import { resolveGame } from "../../games/game-spec.ts";

/**
 * The image a game for two is played in: the one that was named, or the one the game needs.
 * @throws `unknown_environment`
 */
export function gameImage(game: string, named: string | undefined): string {
  return named ?? resolveGame({ game, seats: ["random", "random"] }).image;
}
