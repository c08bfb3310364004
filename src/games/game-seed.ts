import { sha256Of } from "../base/digest.ts";
import { checkSeed } from "../model/seed.ts";

/**
 * The seed of one game of a batch: 53 bits of SHA-256("sameseed/game/1\0" seed "\0" game), both in decimal. It is the
 * literal in the game's harness and the seed of its row.
 * @throws `bad_argument` where either is not a whole number from 0 to 2^53 - 1
 */
export function gameSeed(seed: number, game: number): number {
  const digest = sha256Of([`sameseed/game/1\0${checkSeed(seed)}\0${checkSeed(game)}`]);
  return Number(digest.readBigUInt64BE(0) >> 11n);
}
