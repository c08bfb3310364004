import * as z from "zod";

import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";

/*
 * A chunk is what a queue carries: some seeds of one spec, at most a kilobyte. What they do is in the store, by digest; what
 * comes of them goes there too.
 */

/** Seeds that follow each other: the first, and how many. */
export type SeedRange = readonly [first: number, count: number];

/** Why a chunk is in the queue: to be run, to overtake a straggler, or to be compared with what is there. */
export type ChunkPurpose = "run" | "hedge" | "audit";

/** Some seeds of a batch, to be run by whoever takes them. */
export interface Chunk {
  readonly v: 1;
  /** Unique in the queue: two offers of one id are one. */
  readonly id: string;
  /** The call that waits for it. */
  readonly batch: string;
  /** SHA-256 of the spec's document in the store, 64 hex digits. */
  readonly spec: string;
  readonly seeds: readonly SeedRange[];
  readonly purpose: ChunkPurpose;
  /** Hosts that are not to run it. */
  readonly notHosts?: readonly string[];
}

/** A chunk fits in so many bytes of JSON. */
export const chunkBytesMost = 1024;
/** The most ranges in a chunk: with the longest seeds they stay below {@link chunkBytesMost}. */
export const rangesMost = 24;
/** The most seeds in a chunk. */
export const chunkSeedsMost = 50_000;

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(1).max(chunkSeedsMost);
const range: z.ZodType<SeedRange> = z.tuple([z.int().min(0), count]).readonly();

/** Reads {@link Chunk.seeds}. */
export const rangesSchema: z.ZodType<readonly SeedRange[]> = z.array(range).min(1).max(rangesMost);

const chunkSchema: z.ZodType<Chunk> = z.strictObject({
  v: z.literal(1),
  id: z.string().regex(/^[A-Za-z0-9._-]{1,120}$/),
  batch: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  spec: hex64,
  seeds: rangesSchema,
  purpose: z.enum(["run", "hedge", "audit"]),
  notHosts: z.array(z.string().max(64)).max(16).exactOptional(),
});

/**
 * A chunk as it came out of a queue.
 * @throws `protocol_broken`
 */
export function readChunk(value: unknown): Chunk {
  const chunk = chunkSchema.safeParse(value);
  if (chunk.success && seedCount(chunk.data.seeds) <= chunkSeedsMost) return chunk.data;
  throw new SameseedError("protocol_broken", "the queue holds something that is no chunk of this version", {
    hint: "run the same version of Sameseed on every host of the fleet",
  });
}

/** A chunk that some hosts are not to run: as many of them, from the first on, as fit into it. */
export function notOn(chunk: Chunk, hosts: Iterable<string>): Chunk {
  let fits = chunk;
  for (const host of hosts) {
    const more = { ...chunk, notHosts: [...(fits.notHosts ?? []), host] };
    if (JSON.stringify(more).length > chunkBytesMost || more.notHosts.length > 16) break;
    fits = more;
  }
  return fits;
}

/** The name of what is computed: the spec and the seeds, whoever asks. 64 hex digits. */
export function chunkKey(spec: string, seeds: readonly SeedRange[]): string {
  return sha256(`sameseed/chunk/1\0${spec}\0${JSON.stringify(seeds)}`).toString("hex");
}

/** How many seeds ranges hold. */
export function seedCount(ranges: readonly SeedRange[]): number {
  return ranges.reduce((sum, [, own]) => sum + own, 0);
}

/** The seeds of ranges, in their order. */
export function* seedsOf(ranges: readonly SeedRange[]): Generator<number, undefined> {
  for (const [first, own] of ranges) for (let at = 0; at < own; at++) yield first + at;
}

/** Seeds as ranges, in their order. */
export function rangesOf(seeds: Iterable<number>): SeedRange[] {
  const ranges: SeedRange[] = [];
  let first = 0;
  let own = 0;
  for (const seed of seeds) {
    if (own > 0 && seed === first + own) own++;
    else {
      if (own > 0) ranges.push([first, own]);
      [first, own] = [seed, 1];
    }
  }
  if (own > 0) ranges.push([first, own]);
  return ranges;
}

/** Takes the first `wanted` seeds out of ranges, or as many as one chunk can name. */
export function takeSeeds(ranges: SeedRange[], wanted: number): SeedRange[] {
  const taken: SeedRange[] = [];
  let left = Math.min(wanted, chunkSeedsMost);
  while (left > 0 && ranges.length > 0 && taken.length < rangesMost) {
    const [first, own] = ranges[0]!;
    if (own <= left) {
      taken.push([first, own]);
      ranges.shift();
      left -= own;
    } else {
      taken.push([first, left]);
      ranges[0] = [first + left, own - left];
      left = 0;
    }
  }
  return taken;
}

/** A chunk's seeds in two halves; undefined where there is only one seed. */
export function halves(seeds: readonly SeedRange[]): readonly [SeedRange[], SeedRange[]] | undefined {
  const all = seedCount(seeds);
  if (all < 2) return undefined;
  const rest = [...seeds];
  return [takeSeeds(rest, Math.ceil(all / 2)), rest];
}
