import { isComplete, outcomes } from "../model/outcome.ts";
import { rowKey, runKeys } from "../model/branch.ts";
import { rewardToJson } from "../model/rollout-schema.ts";
import type { RolloutSummary, RunSpec } from "../model/rollout.ts";
import { environmentName, policyNames } from "../model/spec-names.ts";
import { meanInterval } from "../stats/mean-interval.ts";
import { meanOf as averageOf, varianceOf } from "../stats/moments.ts";
import { normalQuantile } from "../stats/normal.ts";
import type { RunReader } from "../store/run-reader.ts";
import { readCertificate } from "../verify/audit/certificate.ts";
import type { AuditReport } from "../verify/audit/audit-report.ts";
import { keptTrajectory, readVerdict } from "../verify/kept-verdict.ts";
import {
  type AuditCauseLine,
  type AuditLine,
  type LibraryEntry,
  type RowDocument,
  type RowsDocument,
  rowsPerChunk,
  type RunDocument,
  type VerdictDocument,
} from "./documents.ts";
import type { Recording } from "./library.ts";
import { isLive, type OpenRuns } from "./open-runs.ts";
import { toJson } from "./to-json.ts";

/** Up to here the interval of a mean is the one that `eval` gives; of more values the normal one is as good. */
const bootstrapMost = 1000;
/** The most groups of seeds with the same play that are listed, and the most seeds of each. */
const identicalMost = 20;

/** `run/ID` */
export async function runDocument(runs: OpenRuns, id: string): Promise<RunDocument> {
  const { recording, reader } = await runs.open(id);
  const { manifest } = reader;
  const { spec, image, world, runId, createdAt, sameseedVersion } = manifest;
  const columns = columnsOf(reader);
  const report = readCertificate(recording.dir, manifest);
  return {
    id,
    dir: recording.dir,
    runId,
    environment: environmentName(spec.environment),
    policy: policyNames(spec),
    seats: spec.seats.map(({ seat }) => seat),
    image: { name: image.name, digest: image.manifest.digest },
    world,
    createdAt,
    sameseedVersion,
    spec: shortSpec(spec),
    verdict: verdictDocument(recording.dir, reader),
    live: isLive(recording.dir),
    missing: missingOf(reader),
    ...branchOf(runs, spec),
    ...columns,
    mean: meanOf(columns.returns.filter((value) => value !== null)),
    audit: report === undefined ? null : auditLine(report),
    identical:
      spec.branch === undefined
        ? Array.from(reader.identicalTrajectories().take(identicalMost), ({ seeds }) =>
            seeds.slice(0, identicalMost),
          )
        : [],
  };
}

type Columns = Pick<RunDocument, "keys" | "outcomes" | "outcomeNames" | "steps" | "returns">;

/** A reader sees its run as it was when it was opened, so what it says once it says always. */
const columnsKnown = new WeakMap<RunReader, Columns>();

function columnsOf(reader: RunReader): Columns {
  const known = columnsKnown.get(reader);
  if (known !== undefined) return known;
  const keys: number[] = [];
  const ended: number[] = [];
  const steps: number[] = [];
  const returns: (number | null)[] = [];
  for (const row of reader.outline()) {
    keys.push(row.key);
    ended.push(outcomes.indexOf(row.outcome));
    steps.push(row.steps);
    const isNumber = row.totalReward !== null && Number.isFinite(row.totalReward);
    returns.push(isComplete(row.outcome) && isNumber ? row.totalReward : null);
  }
  const columns = { keys, outcomes: ended, outcomeNames: outcomes, steps, returns };
  columnsKnown.set(reader, columns);
  return columns;
}

/** How many of the run's rollouts are not recorded. */
function missingOf(reader: RunReader): number {
  return runKeys(reader.manifest.spec).length - reader.size;
}

/** The mean of returns with its interval. */
function meanOf(values: readonly number[]): RunDocument["mean"] {
  const n = values.length;
  if (n === 0) return null;
  if (n <= bootstrapMost) {
    const { mean, interval } = meanInterval(values);
    return { value: mean, low: finite(interval.low), high: finite(interval.high), n };
  }
  const mean = averageOf(values);
  const half = normalQuantile(0.975) * Math.sqrt(varianceOf(values) / n);
  return { value: mean, low: mean - half, high: mean + half, n };
}

function plainMean(values: readonly number[]): number | null {
  return values.length === 0 ? null : averageOf(values);
}

/** Infinite ends, of values that give no bound, as the largest numbers that JSON has. */
function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** What is known of whether a run gives the same bytes again. */
export function verdictDocument(dir: string, reader: RunReader): VerdictDocument {
  const check = readVerdict(dir, reader.manifest);
  if (check.state === "none") return { state: "never" };
  if (check.state === "altered") return check;
  const { at, image, sameseedVersion, equal, rollouts, diverged, failed, verified } = check.verdict;
  const since = Math.max(0, reader.size - rollouts);
  const state =
    diverged.length > 0
      ? "diverged"
      : verified && since === 0
        ? "verified"
        : failed.length > 0
          ? "failed"
          : "partial";
  return {
    state,
    at,
    image: image.digest,
    checked: image.checked,
    sameseedVersion,
    equal,
    rollouts,
    since,
    diverged: diverged.map(({ seed, branch, firstDivergence }) => {
      const key = branch ?? seed;
      return { key, kept: keptTrajectory(dir, key) !== undefined, divergence: firstDivergence };
    }),
    failed: failed.map(({ seed, branch, outcome }) => ({ key: branch ?? seed, outcome })),
  };
}

/** `rows/ID/CHUNK` */
export async function rowsDocument(runs: OpenRuns, id: string, chunk: number): Promise<RowsDocument> {
  const { reader } = await runs.open(id);
  const first = chunk * rowsPerChunk;
  const keys = columnsOf(reader).keys.slice(first, first + rowsPerChunk);
  return { first, rows: keys.map((key) => rowDocument(reader.row(key))) };
}

/** `slowest/ID`: the rollouts that took longest. Every row is read for it. */
export async function slowestDocument(runs: OpenRuns, id: string): Promise<RowsDocument> {
  const { reader } = await runs.open(id);
  const took: { readonly key: number; readonly ms: number }[] = [];
  for (const row of reader.rows()) took.push({ key: rowKey(row), ms: row.timings.totalMs });
  const slowest = took.sort((a, b) => b.ms - a.ms || a.key - b.key).slice(0, rowsPerChunk);
  return { first: 0, rows: slowest.map(({ key }) => rowDocument(reader.row(key))) };
}

function rowDocument(row: RolloutSummary): RowDocument {
  const { outcome, steps, playDigest, warnings, timings, error, totalReward, branch } = row;
  return {
    key: rowKey(row),
    outcome,
    steps,
    playDigest,
    warnings,
    timings,
    totalReward: rewardToJson(totalReward),
    ...(error === undefined ? {} : { error }),
    ...(branch === undefined ? {} : { branch }),
  };
}

/** A run's line in the table of recordings. */
export async function runEntry(runs: OpenRuns, recording: Recording): Promise<LibraryEntry> {
  const { reader } = await runs.open(recording.id);
  const { spec, createdAt, image, world } = reader.manifest;
  const columns = columnsOf(reader);
  const complete = columns.outcomes.filter((at) => isComplete(outcomes[at]!)).length;
  const values = columns.returns.filter((value) => value !== null);
  // Returns that are no single numbers are added by the reader, element by element.
  const mean = values.length === complete ? plainMean(values) : reader.statistics().meanReturn;
  return {
    ...lineOf(recording),
    title: environmentName(spec.environment),
    policy: policyNames(spec),
    size: reader.size,
    missing: missingOf(reader),
    faults: reader.size - complete,
    mean: rewardToJson(mean),
    verdict: verdictDocument(recording.dir, reader).state,
    createdAt,
    image: image.manifest.digest.slice(0, 12),
    world,
  };
}

/** What the table says of every recording. */
export function lineOf({
  id,
  kind,
  dir,
  part,
}: Recording): Pick<LibraryEntry, "id" | "kind" | "part" | "live"> {
  return { id, kind, live: isLive(dir), ...(part === undefined ? {} : { part }) };
}

function branchOf(runs: OpenRuns, { branch }: RunSpec): Pick<RunDocument, "branch"> {
  if (branch === undefined) return {};
  const { parent, step } = branch;
  const parentId = runs.kinship.idOf(parent.runId);
  return { branch: { parent, step, ...(parentId === undefined ? {} : { parentId }) } };
}

/** A spec without its texts and seeds, which have views of their own. */
function shortSpec(spec: RunSpec): RunDocument["spec"] {
  const { seeds: _, seats: __, environment: ___, files, branch: ____, ...rest } = spec;
  return toJson({ ...rest, ...(files === undefined ? {} : { files: files.map(({ path }) => path) }) });
}

function auditLine({ verdict, causes }: AuditReport): AuditLine {
  return { verdict, causes: causes.map(causeLine) };
}

/** A cause as a line beside the place where it shows. */
export function causeLine({
  factor,
  path,
  step,
  seed,
  location,
}: AuditReport["causes"][number]): AuditCauseLine {
  if (location === null) return { factor, path, step, seed };
  const { file, line, source, function: name } = location;
  return { factor, path, step, seed, file, line, source, function: name };
}
