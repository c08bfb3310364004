import type { TrajectoryDigests } from "../model/trajectory.ts";
import { ChainBuilder, digestBytes } from "./chain.ts";
import { parseTrajectoryBlob, recordsOf, type TrajectoryBlob } from "./trajectory-blob.ts";

/** A stored trajectory with all links of its chains: what comparing two of them needs. */
export interface TrajectoryChain {
  readonly blob: TrajectoryBlob;
  /** The number of the first record: 0, or for a branch the one after the step it starts at. */
  readonly first: number;
  /** The payload of each record; views of the stored bytes. */
  readonly records: readonly Uint8Array[];
  readonly digests: TrajectoryDigests;
  /** Each record's step digest, 32 bytes after 32 bytes. */
  readonly stepDigests: Uint8Array;
  /** Each record's link of the chain that starts from the manifest. */
  readonly links: Uint8Array;
  /** Each record's link of the chain that starts from an empty manifest. */
  readonly contentLinks: Uint8Array;
}

/**
 * Computes the chains of a stored trajectory, checking each of its records.
 *
 * @throws {@link SameseedError} `run_damaged` where the bytes are not a trajectory of format 2
 */
export function chainOf(stored: Uint8Array): TrajectoryChain {
  const blob = parseTrajectoryBlob(stored);
  const records = Array.from(recordsOf(blob));
  const builder = new ChainBuilder(blob.manifest, "run_damaged");
  const stepDigests = new Uint8Array(records.length * digestBytes);
  const links = new Uint8Array(records.length * digestBytes);
  const contentLinks = new Uint8Array(records.length * digestBytes);
  for (const [k, record] of records.entries()) {
    builder.add(record);
    const last = builder.lastLinks();
    stepDigests.set(last.step, k * digestBytes);
    links.set(last.manifest, k * digestBytes);
    contentLinks.set(last.content, k * digestBytes);
  }
  return {
    blob,
    first: builder.first,
    records,
    digests: builder.digests(),
    stepDigests,
    links,
    contentLinks,
  };
}
