import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../base/atomic-file.ts";
import { nowIso } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { packageVersion } from "../base/package-version.ts";
import { canonicalJson } from "../harness/manifest.ts";
import type { JsonObject } from "../model/json.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";
import { readRegular } from "../store/run-folder.ts";
import { RunReader } from "../store/run-reader.ts";
import { seedCount, seedsOf } from "./chunk.ts";
import { type ChunkRecord, readOpinions, readRecord, recordKey, recordsFolder } from "./commit.ts";
import { takenFrom, unrecordedSeeds } from "./drive/batch-errors.ts";
import { contradicts, readFindings } from "./drive/compare-executions.ts";
import { quarantinedHosts } from "./quarantine.ts";
import { leafOf, merkleRoot } from "./merkle.ts";

/** What a fleet vouches for: `fleet.json` beside a run's `run.json`. */
export interface FleetCertificate {
  readonly format: 1;
  readonly runId: string;
  /** The spec's document in the fleet's store, and the store. */
  readonly spec: string;
  readonly store: string;
  readonly image: string;
  /** Rollouts of the run; those that the fleet's store has a record of. */
  readonly rollouts: number;
  readonly fromFleet: number;
  /** Merkle root over every rollout of the run, in seed order. */
  readonly root: string;
  readonly hosts: readonly string[];
  /** The classes of the hosts, for this image. */
  readonly classes: readonly string[];
  readonly chunks: number;
  /** Rollouts that were run a second time, by why, and those of them that ran on another host. */
  readonly again: Readonly<Record<"lease" | "hedge" | "audit", number>>;
  readonly onAnotherHost: number;
  /** Second executions on hosts that are not quarantined that gave something else. */
  readonly mismatches: number;
  /** Those in which only rollouts differ that a limit of time or the like ended on one of the hosts, if there are any. */
  readonly undecided?: number;
  /** Hosts that were found to give what no other host gives: none of the run's rollouts is theirs. */
  readonly quarantined: readonly string[];
  readonly at: string;
  readonly sameseedVersion: string;
  /** SHA-256 over the JCS form of everything else. */
  readonly digest: string;
}

const fileName = "fleet.json";
const largestBytes = 4 * 1024 * 1024;
const count = z.int().min(0);

const certificateSchema: z.ZodType<FleetCertificate> = z.strictObject({
  format: z.literal(1),
  runId: z.string(),
  spec: z.string().regex(/^[0-9a-f]{64}$/),
  store: z.string(),
  image: z.string(),
  rollouts: count,
  fromFleet: count,
  root: z.string(),
  hosts: z.array(z.string()),
  classes: z.array(z.string()),
  chunks: count,
  again: z.strictObject({ lease: count, hedge: count, audit: count }),
  onAnotherHost: count,
  mismatches: count,
  undecided: count.exactOptional(),
  quarantined: z.array(z.string()),
  at: z.string(),
  sameseedVersion: z.string(),
  digest: z.string(),
});

/**
 * Writes the certificate of a run that a fleet made, after looking whether the store says the same of it. Where a host is
 * quarantined, every row needs a record of another one: rows that it made may be in the run from before.
 * @returns it, which does not hold where it counts a mismatch
 * @throws `fleet_disagrees`, `run_damaged`, `io_failed`
 */
export async function writeFleetCertificate(
  dir: string,
  store: ObjectStore,
  spec: string,
): Promise<FleetCertificate> {
  const quarantined = await quarantinedHosts(store);
  using reader = await RunReader.open(dir);
  const leaves = leavesOf(reader, spec);
  const records: ChunkRecord[] = [];
  const recorded = new Set<number>();
  const again = { lease: 0, hedge: 0, audit: 0 };
  let [onAnotherHost, mismatches, undecided] = [0, 0, 0];
  for await (const record of recordsOf(store, spec)) {
    const own = [...seedsOf(record.seeds)].filter((seed) => leaves.has(seed));
    if (own.length === 0) continue;
    if (quarantined.includes(record.host)) throw takenFrom(record.host);
    const says = await whatSays(store, record, leaves);
    if (says === "other") throw otherRoot(record, quarantined);
    if (says === "nothing") continue;
    records.push(record);
    for (const seed of own) recorded.add(seed);
    for (const opinion of await readOpinions(store, record)) {
      const { why, root, host } = opinion;
      if (quarantined.includes(host)) continue;
      again[why] += seedCount(record.seeds);
      if (host !== record.host) onAnotherHost += seedCount(record.seeds);
      if (await contradicts(store, record, opinion)) mismatches++;
      else if (root !== record.root) undecided++;
    }
  }
  const without = [...leaves.keys()].filter((seed) => !recorded.has(seed));
  if (quarantined.length > 0 && without.length > 0) throw unrecordedSeeds(without);
  const content: Omit<FleetCertificate, "digest"> = {
    format: 1,
    runId: reader.manifest.runId,
    spec,
    store: store.url,
    image: `sha256:${reader.manifest.image.manifest.digest}`,
    rollouts: leaves.size,
    fromFleet: recorded.size,
    root: merkleRoot([...leaves.values()]),
    hosts: distinct(records.map(({ host }) => host)),
    classes: distinct(records.map(({ numbers }) => numbers)),
    chunks: records.length,
    again,
    onAnotherHost,
    mismatches,
    ...(undecided === 0 ? {} : { undecided }),
    quarantined: distinct(quarantined),
    at: nowIso(),
    sameseedVersion: packageVersion(),
  };
  const certificate: FleetCertificate = { ...content, digest: digestOfContent(content) };
  writeFileAtomic(join(dir, fileName), `${JSON.stringify(certificate, undefined, 2)}\n`);
  return certificate;
}

/** What {@link checkFleetCertificate} found beside a run. */
export type FleetCheck =
  | { readonly state: "none" }
  /** It is as it was written, and its root is that of the run's rollouts. */
  | { readonly state: "intact"; readonly certificate: FleetCertificate; readonly inStore?: number }
  /** Rollouts were added to the run since. */
  | { readonly state: "outgrown"; readonly certificate: FleetCertificate }
  /**
   * It was changed, is about another run, or the run, the store or a second execution has something else. Where nothing but a
   * second execution speaks against it, it is there.
   */
  | { readonly state: "altered"; readonly why: string; readonly certificate?: FleetCertificate };

/**
 * Looks whether a run has a fleet's certificate, and whether it is about these rollouts.
 * @param store where given, every chunk's record in it must be of these rollouts, too
 * @throws `run_damaged`, `io_failed`
 */
export async function checkFleetCertificate(dir: string, store?: ObjectStore): Promise<FleetCheck> {
  const path = join(dir, fileName);
  if (!existsSync(path)) return { state: "none" };
  const parsed = certificateSchema.safeParse(parseJson(readRegular(path, largestBytes).toString()));
  if (!parsed.success) return { state: "altered", why: `${fileName} is not a certificate of format 1` };
  const certificate = parsed.data;
  const { digest, ...content } = certificate;
  if (digestOfContent(content) !== digest)
    return { state: "altered", why: "its content is not what its digest was made of" };
  using reader = await RunReader.open(dir);
  if (certificate.runId !== reader.manifest.runId)
    return { state: "altered", why: "it is about another run" };
  const leaves = leavesOf(reader, certificate.spec);
  if (leaves.size > certificate.rollouts) return { state: "outgrown", certificate };
  if (merkleRoot([...leaves.values()]) !== certificate.root)
    return { state: "altered", why: "its root is not that of the run's rollouts" };
  if (certificate.mismatches > 0)
    return {
      state: "altered",
      why: `${certificate.mismatches} second executions gave something else`,
      certificate,
    };
  if (store === undefined) return { state: "intact", certificate };
  const out = await quarantinedHosts(store);
  const found = certificate.hosts.find((host) => out.includes(host));
  if (found !== undefined)
    return {
      state: "altered",
      why: `the host ${found} was quarantined since, and rollouts of the run are its`,
    };
  const recorded = new Set<number>();
  for await (const record of recordsOf(store, certificate.spec)) {
    const own = [...seedsOf(record.seeds)].filter((seed) => leaves.has(seed));
    const says = own.length === 0 ? "nothing" : await whatSays(store, record, leaves);
    if (says === "same") for (const seed of own) recorded.add(seed);
    if (says === "other")
      return {
        state: "altered",
        why: `the store's record of seeds from ${record.seeds[0]![0]} has another root`,
      };
  }
  const inStore = recorded.size;
  if (inStore < certificate.fromFleet)
    return {
      state: "altered",
      why: `the store has records of ${inStore} rollouts, not of ${certificate.fromFleet}`,
    };
  return { state: "intact", certificate, inStore };
}

/** What of each of the run's rollouts a root is over, in the order of its rows. */
function leavesOf(reader: RunReader, spec: string): Map<number, Buffer> {
  const leaves = new Map<number, Buffer>();
  for (const summary of reader.rows()) leaves.set(summary.seed, leafOf(spec, summary));
  return leaves;
}

/** A spec's records, of those that are where they belong. */
async function* recordsOf(store: ObjectStore, spec: string): AsyncGenerator<ChunkRecord, void, undefined> {
  for await (const key of store.list(recordsFolder(spec))) {
    const record = await readRecord(store, key);
    if (record !== undefined && recordKey(record) === key) yield record;
  }
}

/**
 * What a record says of the run's rollouts. A chunk of which the run has a part only was made for a larger run, and has a root
 * over more than is here: its pack says, and a record whose pack cannot be read says nothing.
 */
async function whatSays(
  store: ObjectStore,
  record: ChunkRecord,
  leaves: ReadonlyMap<number, Buffer>,
): Promise<"same" | "other" | "nothing"> {
  const own = [...seedsOf(record.seeds)].map((seed) => leaves.get(seed));
  const known = own.filter((leaf) => leaf !== undefined);
  if (known.length === own.length) return merkleRoot(known) === record.root ? "same" : "other";
  const found = await readFindings(store, record);
  if (found === undefined) return "nothing";
  const isOther = [...found].some(([seed, { leaf }]) => leaf !== (leaves.get(seed)?.toString("hex") ?? leaf));
  return isOther ? "other" : "same";
}

/** Where hosts are out, the row may be one's whose record another run has made anew meanwhile. */
function otherRoot({ host, seeds }: ChunkRecord, out: readonly string[]): SameseedError {
  const [[first] = [0]] = seeds;
  return new SameseedError(
    "fleet_disagrees",
    `the run has other rollouts of the seeds from ${first} on than the record of host ${host} in the fleet's store`,
    {
      hint: "`sameseed verify` tells whether the run's are what their seeds give",
      context: { host, seeds, ...(out.length === 0 ? {} : { takenBack: true }) },
    },
  );
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function digestOfContent(content: object): string {
  return digestOf(canonicalJson(JSON.parse(JSON.stringify(content)) as JsonObject));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
