import * as z from "zod";

import { sha256Of } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { kindOf } from "../base/known-options.ts";

/**
 * The one check of a seed: a whole number from 0 to 2^53 - 1. Minus zero is zero, and comes back as zero, because a seed is
 * compared, used as a key and written into scripts.
 * @throws `bad_argument`
 */
export function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed + 0;
  const words = "a seed is a whole number from 0 to 9007199254740991 (2^53 - 1)";
  const given: unknown = seed;
  throw new SameseedError("bad_argument", `${String(seed)} is not a seed`, {
    hint: typeof given === "string" ? `${words}, and this is text` : words,
    context: { seed: String(seed) },
  });
}

/**
 * Refuses what cannot be iterated over: a number, or a range as an object, would be no seeds at all.
 * @throws `bad_argument`
 */
export function checkSeedList(seeds: unknown): asserts seeds is Iterable<number> {
  if (typeof seeds === "object" && seeds !== null && Symbol.iterator in seeds) return;
  throw new SameseedError("bad_argument", `seeds is a list of seeds, not ${kindOf(seeds)}`, {
    hint: "give a list such as [1, 2, 3]",
  });
}

/** Seeds as they came in, each checked. @throws `bad_argument` where they are no list of seeds */
export function readSeeds(seeds: unknown): number[] {
  checkSeedList(seeds);
  return Array.from(seeds, checkSeed);
}

/** A seed inside options or a document; minus zero comes out as zero here too. */
export const seedSchema: z.ZodType<number> = z
  .int()
  .min(0)
  .overwrite((seed) => seed + 0);

/*
 * How everything that is drawn in a rollout follows from its one seed: the host's half. `docs/seeds.md` has the whole table,
 * `python/sameseed/play/seeds.py` the sandbox's half.
 */

const seedBits = 53n;

/** 128 bits for one role of a rollout: nothing that two roles draw has anything in common. */
export function roleSeed(role: string, seed: number): bigint {
  return first128(sha256Of([`sameseed/role/1\0${role}\0${checkSeed(seed)}`]));
}

/**
 * The seed of one game of a batch: 53 bits of SHA-256("sameseed/game/1\0" seed "\0" game), both in decimal. It is the
 * literal in the game's harness and the seed of its row.
 * @throws `bad_argument` where either is not a whole number from 0 to 2^53 - 1
 */
export function gameSeed(seed: number, game: number): number {
  return asSeed(sha256Of([`sameseed/game/1\0${checkSeed(seed)}\0${checkSeed(game)}`]));
}

/**
 * What an opponent draws from in one piece of a training, which starts with an episode: the training's seed is not its to
 * know, and every piece differs.
 */
export function pieceSeed(seed: number, firstEpisode: number): number {
  return asSeed(sha256Of([`sameseed/learning-piece/1\0${seed}\0${firstEpisode}`]));
}

/** The key that all entropy of a sealed world follows from, as 64 hex digits: another for each role of a rollout. */
export function worldKey(role: string, seed: number): string {
  return sha256Of([`sameseed/world/1\0${role}\0${seed}`]).toString("hex");
}

/** What the state of a rollout was re-keyed by, and at which step. */
export interface Reseeding {
  readonly step: number;
  readonly reseed: number;
}

/** 128 bits for a seat that starts at a branch whose state was re-keyed. */
export function reseededRole(seat: string, seed: number, reseeding: Reseeding): bigint {
  return first128(reseedKey(`seat/${seat}`, seed, reseeding));
}

/** {@link worldKey} for a sandbox that starts at a branch whose state was re-keyed. */
export function reseededWorldKey(role: string, seed: number, reseeding: Reseeding): string {
  return reseedKey(`world/${role}`, seed, reseeding).toString("hex");
}

function reseedKey(role: string, seed: number, { step, reseed }: Reseeding): Buffer {
  return sha256Of([`sameseed/reseed/1\0${role}\0${checkSeed(seed)}\0${step}\0${checkSeed(reseed)}`]);
}

function first128(digest: Buffer): bigint {
  return BigInt(`0x${digest.toString("hex", 0, 16)}`);
}

function asSeed(digest: Buffer): number {
  return Number(digest.readBigUInt64BE() >> (64n - seedBits));
}
