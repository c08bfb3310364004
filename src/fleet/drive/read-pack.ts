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
 * @param inMemoryBytes larger ones are files of the spool until they are given back
 * @throws `run_damaged`, `io_failed`, `disk_full`
 */
export async function readPack(
  store: ObjectStore,
  { key, digest, bytes: size }: ChunkRecord["pack"],
  inMemoryBytes: number = inMemoryMost,
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
  using opened = new DisposableStack();
  const spool = opened.use(new Spool());
  const path = spool.path("pack");
  if (!(await store.getFile(key, path))) throw chunkDamaged("its pack is missing");
  const file = opened.use(new SpoolFile(path, "there"));
  if (file.digest() !== digest) throw chunkDamaged("its pack has other bytes");
  const held = opened.move();
  return {
    size: file.size,
    read: (at, length) => file.read(at, length),
    isInMemory: false,
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** What says that a chunk in the store is not what its record says. */
export function chunkDamaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a chunk in the fleet's store is damaged: ${what}`, {
    hint: "it is run again by itself; where that goes on, check the store and the hosts",
  });
}
