import { fieldSpans } from "../model/cbor/field-spans.ts";
import { SameseedError } from "../base/error.ts";
import { digestBytes } from "../trajectory/chain.ts";
import { firstDivergence } from "../trajectory/first-divergence.ts";
import type { TrajectoryChain } from "../trajectory/trajectory-chain.ts";
import { readCertificate } from "../verify/audit/certificate.ts";
import { outcomeDivergence } from "../verify/row-divergence.ts";
import { type AuditCauseLine, type DiffDocument, diffFieldsMost, type DiffSide } from "./documents.ts";
import { causeLine } from "./run-documents.ts";
import type { LoadedRollout, OpenRuns } from "./open-runs.ts";

/**
 * `diff/ID/KEY/ID/KEY`: two rollouts, aligned on the first record that differs.
 * @throws SameseedError `bad_argument` where they start at different steps
 */
export async function diffDocument(
  runs: OpenRuns,
  first: readonly [id: string, name: string],
  second: readonly [id: string, name: string],
): Promise<DiffDocument> {
  const a = await runs.rollout(...first);
  const b = await runs.rollout(...second);
  if (a.chain.first !== b.chain.first)
    throw new SameseedError("bad_argument", "the two do not start at the same step of a rollout", {
      hint: "compare branches with branches from the same step",
    });
  const found = firstDivergence(a.chain, b.chain);
  const ends = [outcomeOf(a), outcomeOf(b)];
  const isSameEnd = ends[0] === ends[1];
  const divergence = found ?? (isSameEnd ? null : outcomeDivergence(a.summary, b.summary));
  return {
    sides: [await sideOf(runs, a), await sideOf(runs, b)],
    equal: divergence === null,
    divergence,
    first: a.chain.first,
    runs: equalRuns(a.chain, b.chain),
    fields: fieldsThatDiffer(a.chain, b.chain),
    causes: await causesAt(runs, [a, b], divergence?.path),
  };
}

async function sideOf(runs: OpenRuns, rollout: LoadedRollout): Promise<DiffSide> {
  const { recording, name, summary, chain, isOther } = rollout;
  const { reader } = await runs.open(recording.id);
  const isBranch = reader.manifest.spec.branch !== undefined;
  const which = `${isBranch ? "branch" : "seed"} ${rollout.key}`;
  return {
    id: recording.id,
    key: name,
    label: `${recording.id} · ${which}${isOther ? " · as verified" : ""}`,
    outcome: outcomeOf(rollout),
    steps: chain.digests.steps,
    digest: isOther ? chain.digests.digest : summary.digest,
    contentDigest: chain.digests.contentDigest,
  };
}

function outcomeOf({ isOther, chain, summary }: LoadedRollout): string {
  return isOther ? (chain.digests.outcome ?? "cut off") : summary.outcome;
}

function isEqualAt(a: TrajectoryChain, b: TrajectoryChain, at: number): boolean {
  const start = at * digestBytes;
  const one = a.stepDigests.subarray(start, start + digestBytes);
  return Buffer.compare(one, b.stepDigests.subarray(start, start + digestBytes)) === 0;
}

/** Runs of equal and of other records; records that only one side has are other ones. */
function equalRuns(a: TrajectoryChain, b: TrajectoryChain): DiffDocument["runs"] {
  const most = Math.max(a.records.length, b.records.length);
  const least = Math.min(a.records.length, b.records.length);
  const runs: { equal: boolean; count: number }[] = [];
  for (let at = 0; at < most; at++) {
    const equal = at < least && isEqualAt(a, b, at);
    const last = runs.at(-1);
    if (last?.equal === equal) last.count++;
    else runs.push({ equal, count: 1 });
  }
  return runs;
}

function fieldsThatDiffer(a: TrajectoryChain, b: TrajectoryChain): [number, readonly string[]][] {
  const found: [number, readonly string[]][] = [];
  const least = Math.min(a.records.length, b.records.length);
  for (let at = 0; at < least && found.length < diffFieldsMost; at++) {
    if (isEqualAt(a, b, at)) continue;
    const one = fieldsAt(a, at);
    const other = fieldsAt(b, at);
    const names = [...new Set([...one.keys(), ...other.keys()])];
    found.push([a.first + at, names.filter((name) => !isSame(one.get(name), other.get(name)))]);
  }
  return found;
}

function fieldsAt({ records }: TrajectoryChain, at: number): ReadonlyMap<string, Uint8Array> {
  const record = records[at]!;
  return new Map(
    fieldSpans(record, "run_damaged").map(({ name, start, end }) => [name, record.subarray(start, end)]),
  );
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

/** What audits of either run found at the place, and where they found nothing there, whatever they found. */
async function causesAt(
  runs: OpenRuns,
  rollouts: readonly LoadedRollout[],
  path: string | undefined,
): Promise<readonly AuditCauseLine[]> {
  if (path === undefined) return [];
  const causes = new Map<string, AuditCauseLine>();
  for (const { recording } of rollouts) {
    const { reader } = await runs.open(recording.id);
    const report = readCertificate(recording.dir, reader.manifest);
    for (const cause of report?.causes ?? []) causes.set(JSON.stringify(cause), causeLine(cause));
  }
  const all = [...causes.values()];
  const there = all.filter((cause) => cause.path === path);
  return there.length > 0 ? there : all;
}
