import { SameseedError } from "../base/error.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";
import { seedCount, seedsOf } from "./chunk.ts";
import {
  type ChunkRecord,
  readOpinions,
  readRecord,
  recordKey,
  recordsFolder,
  type SecondOpinion,
} from "./commit.ts";
import { takenFrom } from "./drive/batch-errors.ts";
import { contradicts, type Findings } from "./drive/compare-executions.ts";
import type { LeafTable } from "./leaf-table.ts";
import { merkleRoot } from "./merkle.ts";

/** What a fleet is asked to vouch for. */
export interface Subject {
  /** What of each rollout or score a root is over, by its seed or number, in their order. */
  readonly leaves: LeafTable;
  /** What an execution of a chunk found; undefined where its pack is missing, or not what it says. */
  readonly findings: (
    store: ObjectStore,
    execution: ChunkRecord | SecondOpinion,
  ) => Promise<Findings | undefined>;
}

/** What the records of a spec say of a subject. */
export interface Tally {
  readonly records: readonly ChunkRecord[];
  /** The numbers of which there is a record. */
  readonly recorded: ReadonlySet<number>;
  readonly again: Record<SecondOpinion["why"], number>;
  readonly onAnotherHost: number;
  readonly mismatches: number;
  readonly undecided: number;
}

/**
 * Counts what a store has of a subject.
 * @throws `fleet_disagrees` where a record is of a quarantined host, or has another root than the subject's; `io_failed`
 */
export async function tallyRecords(
  store: ObjectStore,
  spec: string,
  subject: Subject,
  quarantined: readonly string[],
): Promise<Tally> {
  const records: ChunkRecord[] = [];
  const recorded = new Set<number>();
  const again = { lease: 0, hedge: 0, audit: 0 };
  let [onAnotherHost, mismatches, undecided] = [0, 0, 0];
  for await (const { record, own } of recordsOf(store, spec, subject)) {
    if (quarantined.includes(record.host)) throw takenFrom(record.host);
    const says = await whatSays(store, record, subject);
    if (says === "other") throw otherRoot(record, quarantined);
    if (says === "nothing") continue;
    records.push(record);
    for (const number of own) recorded.add(number);
    for (const opinion of await readOpinions(store, record)) {
      const { why, root, host } = opinion;
      if (quarantined.includes(host)) continue;
      again[why] += seedCount(record.seeds);
      if (host !== record.host) onAnotherHost += seedCount(record.seeds);
      if (await contradicts(store, record, opinion, subject.findings)) mismatches++;
      else if (root !== record.root) undecided++;
    }
  }
  return { records, recorded, again, onAnotherHost, mismatches, undecided };
}

/** Of which of a subject's numbers a store has a record, or the first number of a record that says something else. */
export async function recordedOf(
  store: ObjectStore,
  spec: string,
  subject: Subject,
): Promise<{ readonly numbers: ReadonlySet<number> } | { readonly other: number }> {
  const numbers = new Set<number>();
  for await (const { record, own } of recordsOf(store, spec, subject)) {
    const says = await whatSays(store, record, subject);
    if (says === "same") for (const number of own) numbers.add(number);
    if (says === "other") return { other: record.seeds[0]![0] };
  }
  return { numbers };
}

/** A spec's records, of those that are where they belong and about something of the subject. */
async function* recordsOf(
  store: ObjectStore,
  spec: string,
  { leaves }: Subject,
): AsyncGenerator<{ readonly record: ChunkRecord; readonly own: readonly number[] }, void, undefined> {
  for await (const key of store.list(recordsFolder(spec))) {
    const record = await readRecord(store, key);
    if (record === undefined || recordKey(record) !== key) continue;
    const own = [...seedsOf(record.seeds)].filter((number) => leaves.has(number));
    if (own.length > 0) yield { record, own };
  }
}

/**
 * What a record says of a subject. A chunk of which the subject has a part only was made for a larger one, and has a root
 * over more than is here: its pack says, and a record whose pack cannot be read says nothing.
 */
async function whatSays(
  store: ObjectStore,
  record: ChunkRecord,
  { leaves, findings }: Subject,
): Promise<"same" | "other" | "nothing"> {
  const own = [...seedsOf(record.seeds)].map((number) => leaves.get(number));
  const known = own.filter((leaf) => leaf !== undefined);
  if (known.length === own.length) return merkleRoot(known) === record.root ? "same" : "other";
  const found = await findings(store, record);
  if (found === undefined) return "nothing";
  const isOther = [...found].some(
    ([number, { leaf }]) => leaf !== (leaves.get(number)?.toString("hex") ?? leaf),
  );
  return isOther ? "other" : "same";
}

/** Where hosts are out, the row may be one's whose record another call has made anew meanwhile. */
function otherRoot({ host, seeds }: ChunkRecord, out: readonly string[]): SameseedError {
  const [[first] = [0]] = seeds;
  return new SameseedError(
    "fleet_disagrees",
    `the record of host ${host} in the fleet's store has other rollouts or scores from number ${first} on than what is recorded here`,
    {
      hint: "`sameseed verify` tells whether what is here is right",
      context: { host, seeds, ...(out.length === 0 ? {} : { takenBack: true }) },
    },
  );
}
