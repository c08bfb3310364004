import type { RecordedRollout } from "../../model/rollout.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { seedCount, seedsOf } from "../chunk.ts";
import { type ChunkRecord, recordKey } from "../commit.ts";
import { leafOf, merkleRoot } from "../merkle.ts";
import { decodePack, type PackBytes } from "../pack.ts";
import { wrongInRow } from "./check-row.ts";
import { chunkDamaged, readPack } from "./read-pack.ts";

/** The rollouts of a chunk, all of which were looked at. */
export interface ChunkRollouts extends Iterable<RecordedRollout>, Disposable {
  readonly count: number;
}

/**
 * The rollouts of a chunk that is done, after checking that its record is where a record of its spec and seeds is, that the pack is
 * the one its record names, that it holds the chunk's seeds, and that every row says what its own bytes do.
 * @throws `run_damaged`, `io_failed`, `disk_full`
 */
export async function readChunkRollouts(
  store: ObjectStore,
  record: Pick<ChunkRecord, "pack" | "seeds" | "spec" | "root">,
  key: string,
  inMemoryBytes?: number,
): Promise<ChunkRollouts> {
  const { pack, seeds, spec } = record;
  // The key says what is asked for: a record of other seeds under it would pass for them, and they would never be run.
  if (recordKey({ spec, seeds }) !== key) throw chunkDamaged("its record is about other seeds");
  return await readPack(store, pack, inMemoryBytes, (bytes) => {
    const rollouts: RecordedRollout[] = [];
    // What is in memory anyway is decoded once; of a file, one rollout is in memory at a time.
    check(record, bytes, (rollout) => {
      if (bytes.isInMemory) rollouts.push(rollout);
    });
    return {
      count: seedCount(seeds),
      [Symbol.iterator]: () => (bytes.isInMemory ? rollouts.values() : decodePack(bytes)),
      [Symbol.dispose]: () => bytes[Symbol.dispose](),
    };
  });
}

function check(
  { seeds, spec, root }: Pick<ChunkRecord, "seeds" | "spec" | "root">,
  bytes: PackBytes,
  push: (rollout: RecordedRollout) => void,
): void {
  const expected = seedsOf(seeds);
  const leaves: Buffer[] = [];
  for (const rollout of decodePack(bytes)) {
    const { seed } = rollout.summary;
    if (expected.next().value !== seed) throw chunkDamaged("it has other seeds");
    const wrong = wrongInRow(rollout);
    if (wrong !== undefined) throw chunkDamaged(`the bytes of seed ${seed} do not have its ${wrong}`);
    leaves.push(leafOf(spec, rollout.summary));
    push(rollout);
  }
  if (leaves.length !== seedCount(seeds)) throw chunkDamaged("seeds are missing");
  if (merkleRoot(leaves) !== root) throw chunkDamaged("its rollouts do not have its root");
}
