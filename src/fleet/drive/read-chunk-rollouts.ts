import { sha256 } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { chainOf } from "../../trajectory/trajectory-chain.ts";
import { seedCount, seedsOf } from "../chunk.ts";
import { type ChunkRecord, recordKey } from "../commit.ts";
import { leafOf, merkleRoot } from "../merkle.ts";
import { decodePack } from "../pack.ts";

/**
 * The rollouts of a chunk that is done, after checking that its record is where a record of its spec and seeds is, that the pack is the one its record names, that it holds the chunk's
 * seeds, and that every row has the digests of its own bytes.
 * @throws `run_damaged`, `io_failed`
 */
export async function readChunkRollouts(
  store: ObjectStore,
  { pack, seeds, spec, root }: Pick<ChunkRecord, "pack" | "seeds" | "spec" | "root">,
  key: string,
): Promise<RecordedRollout[]> {
  // The key says what is asked for: a record of other seeds under it would pass for them, and they would never be run.
  if (recordKey({ spec, seeds }) !== key) throw damaged("its record is about other seeds");
  const bytes = await store.get(pack.key);
  if (bytes === undefined || sha256(bytes).toString("hex") !== pack.digest)
    throw damaged(bytes === undefined ? "its pack is missing" : "its pack has other bytes");
  const rollouts = [...decodePack(bytes)];
  const expected = seedsOf(seeds);
  for (const { summary, trajectory } of rollouts) {
    if (expected.next().value !== summary.seed) throw damaged("it has other seeds");
    const { digest, contentDigest, playDigest } = chainOf(trajectory).digests;
    const isOwn =
      digest === summary.digest &&
      contentDigest === summary.contentDigest &&
      playDigest === summary.playDigest;
    if (!isOwn) throw damaged(`the bytes of seed ${summary.seed} do not match its digest`);
  }
  if (rollouts.length !== seedCount(seeds)) throw damaged("seeds are missing");
  if (merkleRoot(rollouts.map(({ summary }) => leafOf(spec, summary))) !== root)
    throw damaged("its rollouts do not have its root");
  return rollouts;
}

function damaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a chunk in the fleet's store is damaged: ${what}`, {
    hint: "it is run again by itself; where that goes on, check the store and the hosts",
  });
}
