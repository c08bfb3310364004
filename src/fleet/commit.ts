import * as z from "zod";

import { isSameseedError } from "../base/error.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";
import { type Chunk, chunkKey, rangesSchema, type SeedRange } from "./chunk.ts";

/*
 * The record of a chunk is written last and once: with it the chunk is done. Whoever computes the chunk a second time, because a
 * lease ran out, a straggler was overtaken or an audit asked for it, writes beside it what it found. Rollouts are
 * deterministic, so that is always the same; where it is not, a host or the environment is at fault.
 */

/** What came of a chunk. */
export interface ChunkRecord {
  readonly format: 1;
  readonly spec: string;
  readonly seeds: readonly SeedRange[];
  /** Merkle root over its rollouts, in seed order. */
  readonly root: string;
  readonly pack: { readonly key: string; readonly digest: string; readonly bytes: number };
  /** The machine that ran it, and the worker on it. */
  readonly host: string;
  readonly worker: string;
  /** The class of the host for the image that ran: hosts that differ in it may give other bytes. */
  readonly numbers: string;
  readonly wallMs: number;
  readonly at: string;
}

/** What a second execution of a chunk came to. */
export interface SecondOpinion {
  readonly format: 1;
  readonly spec: string;
  readonly seeds: readonly SeedRange[];
  readonly root: string;
  readonly host: string;
  readonly worker: string;
  /** Why there was a second one. */
  readonly why: "lease" | "hedge" | "audit";
  /** Its rollouts, where they are not those of the record. */
  readonly pack?: { readonly key: string; readonly digest: string; readonly bytes: number };
}

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const pack = z.strictObject({ key: z.string(), digest: hex64, bytes: z.int() });
const common = {
  format: z.literal(1),
  spec: hex64,
  seeds: rangesSchema,
  root: hex64,
  host: z.string(),
  worker: z.string(),
};

const recordSchema: z.ZodType<ChunkRecord> = z.strictObject({
  ...common,
  pack,
  numbers: z.string(),
  wallMs: z.number().min(0),
  at: z.string(),
});

const opinionSchema: z.ZodType<SecondOpinion> = z.strictObject({
  ...common,
  why: z.enum(["lease", "hedge", "audit"]),
  pack: pack.exactOptional(),
});

/** Where a spec's records are. */
export function recordsFolder(spec: string): string {
  return `chunks/${spec}/`;
}

/** Where the record of a chunk is. */
export function recordKey({ spec, seeds }: Pick<Chunk, "spec" | "seeds">): string {
  return `${recordsFolder(spec)}${chunkKey(spec, seeds)}.json`;
}

/** Where other executions of a chunk are. */
export function opinionsFolder({ spec, seeds }: Pick<Chunk, "spec" | "seeds">): string {
  return `audits/${spec}/${chunkKey(spec, seeds)}/`;
}

/**
 * The record of a chunk; undefined where it is not done.
 * @throws `io_failed`
 */
export async function readRecord(store: ObjectStore, key: string): Promise<ChunkRecord | undefined> {
  const record = recordSchema.safeParse(await readJson(store, key));
  // What cannot be read does not count as done: the chunk is run again, and its record written over.
  return record.success ? record.data : undefined;
}

/** Writes a chunk's record. @returns the record that was there, where there was one */
export async function commitChunk(store: ObjectStore, record: ChunkRecord): Promise<ChunkRecord | undefined> {
  const key = recordKey(record);
  const bytes = Buffer.from(JSON.stringify(record));
  if (await store.putIfAbsent(key, bytes)) return undefined;
  const before = await readRecord(store, key);
  if (before === undefined) await store.put(key, bytes);
  return before;
}

/** Says what another execution of a chunk came to. */
export async function addOpinion(store: ObjectStore, opinion: SecondOpinion): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(opinion));
  await store.put(`${opinionsFolder(opinion)}${opinion.worker}.json`, bytes);
}

/** All other executions of a chunk. */
export async function readOpinions(
  store: ObjectStore,
  chunk: Pick<Chunk, "spec" | "seeds">,
): Promise<SecondOpinion[]> {
  const found: SecondOpinion[] = [];
  for await (const key of store.list(opinionsFolder(chunk))) {
    const opinion = opinionSchema.safeParse(await readJson(store, key));
    if (opinion.success) found.push(opinion.data);
  }
  return found;
}

async function readJson(store: ObjectStore, key: string): Promise<unknown> {
  try {
    const bytes = await store.get(key);
    return bytes === undefined ? undefined : JSON.parse(bytes.toString());
  } catch (error) {
    // Some stores find out themselves that an object is not what was written; others give its bytes, and they are no JSON.
    const isDamaged =
      error instanceof SyntaxError || (isSameseedError(error) && error.code === "run_damaged");
    if (isDamaged) return undefined;
    throw error;
  }
}
