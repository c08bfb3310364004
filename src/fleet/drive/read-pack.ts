import { SameseedError } from "../../base/error.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import type { ChunkRecord } from "../commit.ts";
import { type PackBytes, packInMemory } from "../pack.ts";
import { Spool, SpoolFile } from "../spool.ts";

/** Packs up to this size are read into memory; larger ones are files meanwhile. */
const inMemoryMost = 4 * 2 ** 20;

/** A pack that was brought from the store. */
export interface StoredPack extends PackBytes, Disposable {
  /** Whether all of it stays in memory. */
  readonly isInMemory: boolean;
}

/**
 * The pack that a record names, after checking that it has the size and the bytes that the record says. What of it is in memory at a
 * time is bounded, whatever its host wrote: `inMemoryBytes`, or one frame.
 * @param inMemoryBytes larger ones are files of the spool until they are given back. @default 4 MiB
 * @param use what is made of it; where that throws, the pack is given back
 * @throws `run_damaged`, `io_failed`, `disk_full`; what `use` throws
 */
export async function readPack<T>(
  store: ObjectStore,
  pack: ChunkRecord["pack"],
  inMemoryBytes: number | undefined,
  use: (pack: StoredPack) => T,
): Promise<T> {
  const opened = await openPack(store, pack, inMemoryBytes ?? inMemoryMost);
  try {
    return use(opened);
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

async function openPack(
  store: ObjectStore,
  { key, digest, bytes: size }: ChunkRecord["pack"],
  inMemoryBytes: number,
): Promise<StoredPack> {
  // The size is a host's word, and decides where the pack is put: the store says how large it really is.
  const real = await store.sizeOf(key);
  if (real === undefined) throw chunkDamaged("its pack is missing");
  if (real !== size) throw chunkDamaged("its pack has other bytes");
  if (size <= inMemoryBytes) {
    const bytes = await store.get(key);
    if (bytes === undefined) throw chunkDamaged("its pack is missing");
    const pack = packInMemory(bytes);
    if (pack.digest !== digest) throw chunkDamaged("its pack has other bytes");
    return { ...pack, isInMemory: true, [Symbol.dispose]: () => {} };
  }
  const spool = new Spool();
  let file: SpoolFile | undefined;
  const close = (): void => {
    file?.[Symbol.dispose]();
    spool[Symbol.dispose]();
  };
  try {
    const path = spool.path("pack");
    if (!(await store.getFile(key, path))) throw chunkDamaged("its pack is missing");
    const there = (file = new SpoolFile(path, "there"));
    if (there.digest() !== digest) throw chunkDamaged("its pack has other bytes");
    const read: StoredPack["read"] = (at, length) => there.read(at, length);
    return { size: there.size, read, isInMemory: false, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What says that a chunk in the store is not what its record says. */
export function chunkDamaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a chunk in the fleet's store is damaged: ${what}`, {
    hint: "it is run again by itself; where that goes on, check the store and the hosts",
  });
}
