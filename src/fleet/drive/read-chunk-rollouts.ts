import { SameseedError } from "../../base/error.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { seedCount, seedsOf } from "../chunk.ts";
import { type ChunkRecord, recordKey } from "../commit.ts";
import { leafOf, merkleRoot } from "../merkle.ts";
import { decodePack, type PackBytes, packInMemory } from "../pack.ts";
import { Spool, SpoolFile } from "../spool.ts";
import { wrongInRow } from "./check-row.ts";

/** Packs up to this size are read into memory; larger ones are files meanwhile. */
const inMemoryMost = 4 * 2 ** 20;

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
  inMemoryBytes: number = inMemoryMost,
): Promise<ChunkRollouts> {
  const { pack, seeds, spec } = record;
  // The key says what is asked for: a record of other seeds under it would pass for them, and they would never be run.
  if (recordKey({ spec, seeds }) !== key) throw damaged("its record is about other seeds");
  if (pack.bytes <= inMemoryBytes) {
    const bytes = await store.get(pack.key);
    if (bytes === undefined) throw damaged("its pack is missing");
    const { digest, ...own } = packInMemory(bytes);
    const rollouts: RecordedRollout[] = [];
    check(record, own, digest, (rollout) => rollouts.push(rollout));
    return { count: rollouts.length, [Symbol.iterator]: () => rollouts.values(), [Symbol.dispose]: () => {} };
  }
  const spool = new Spool();
  try {
    const path = spool.path("pack");
    if (!(await store.getFile(pack.key, path))) throw damaged("its pack is missing");
    const file = new SpoolFile(path, "there");
    try {
      check(record, file, file.digest(), () => {});
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
    return {
      count: seedCount(seeds),
      [Symbol.iterator]: () => decodePack(file),
      [Symbol.dispose]: () => {
        file[Symbol.dispose]();
        spool[Symbol.dispose]();
      },
    };
  } catch (error) {
    spool[Symbol.dispose]();
    throw error;
  }
}

function check(
  { pack, seeds, spec, root }: Pick<ChunkRecord, "pack" | "seeds" | "spec" | "root">,
  bytes: PackBytes,
  digest: string,
  push: (rollout: RecordedRollout) => void,
): void {
  if (digest !== pack.digest) throw damaged("its pack has other bytes");
  const expected = seedsOf(seeds);
  const leaves: Buffer[] = [];
  for (const rollout of decodePack(bytes)) {
    const { seed } = rollout.summary;
    if (expected.next().value !== seed) throw damaged("it has other seeds");
    const wrong = wrongInRow(rollout);
    if (wrong !== undefined) throw damaged(`the bytes of seed ${seed} do not have its ${wrong}`);
    leaves.push(leafOf(spec, rollout.summary));
    push(rollout);
  }
  if (leaves.length !== seedCount(seeds)) throw damaged("seeds are missing");
  if (merkleRoot(leaves) !== root) throw damaged("its rollouts do not have its root");
}

function damaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a chunk in the fleet's store is damaged: ${what}`, {
    hint: "it is run again by itself; where that goes on, check the store and the hosts",
  });
}
