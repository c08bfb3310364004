import { merkleRoot } from "../merkle.ts";
import { packHead } from "../pack.ts";
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

/** What came of one seed of a chunk. */
export interface Done {
  readonly seed: number;
  /** As it is in a pack. */
  readonly frame: Buffer;
  /** What two hosts must agree about. */
  readonly leaf: Buffer;
}

/**
 * Writes what comes of seeds as it is there, and makes a pack of it in the order of the seeds: none is in memory for longer than that
 * takes.
 * @returns undefined where a seed is missing
 * @throws what making them throws; `io_failed`, `disk_full`
 */
export async function packDone(
  spool: Spool,
  seeds: readonly number[],
  all: AsyncIterable<Done>,
): Promise<PackedFile | undefined> {
  const places = new Map<number, Place>();
  using ended = new SpoolFile(spool.path("ended"), "new");
  for await (const { seed, frame, leaf } of all)
    places.set(seed, { at: ended.append(frame), length: frame.length, leaf });
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
