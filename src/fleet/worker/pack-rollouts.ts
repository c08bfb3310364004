import type { RecordedRollout } from "../../model/rollout.ts";
import { leafOf, merkleRoot } from "../merkle.ts";
import { packFrame, packHead } from "../pack.ts";
import { type Spool, SpoolFile } from "../spool.ts";

/** A pack as a file, and what it is over. */
export interface PackedFile {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  readonly root: string;
}

interface Place {
  readonly at: number;
  readonly length: number;
  readonly leaf: Buffer;
}

/**
 * Writes rollouts as they end, and makes a pack of them in the order of their seeds: none is in memory for longer than that takes.
 * @returns undefined where a seed is missing
 * @throws what the rollouts throw; `io_failed`, `disk_full`
 */
export async function packRollouts(
  spool: Spool,
  { spec, seeds }: { readonly spec: string; readonly seeds: readonly number[] },
  rollouts: AsyncIterable<RecordedRollout>,
): Promise<PackedFile | undefined> {
  const places = new Map<number, Place>();
  using ended = new SpoolFile(spool.path("ended"), "new");
  for await (const rollout of rollouts) {
    const frame = packFrame(rollout);
    const { summary } = rollout;
    places.set(summary.seed, {
      at: ended.append(frame),
      length: frame.length,
      leaf: leafOf(spec, summary),
    });
  }
  const inOrder = seeds.flatMap((seed) => places.get(seed) ?? []);
  if (inOrder.length < seeds.length) return undefined;
  using pack = new SpoolFile(spool.path("pack"), "new");
  pack.append(packHead(inOrder.length));
  for (const { at, length } of inOrder) pack.append(ended.read(at, length));
  return {
    path: pack.path,
    digest: pack.digestOfAppended(),
    bytes: pack.size,
    root: merkleRoot(inOrder.map(({ leaf }) => leaf)),
  };
}
