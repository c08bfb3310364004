import { digestOf } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { elementReader } from "../model/cbor/elements.ts";
import { decodeCbor } from "../model/cbor/decode.ts";
import { fieldSpans } from "../model/cbor/field-spans.ts";
import { cborToJson } from "../model/cbor/to-json.ts";
import type { CborField, CborValue } from "../model/cbor/value.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { rewardOf } from "../model/reward-sum.ts";
import type { TrajectoryRecord } from "../model/trajectory.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import { seedLiteral } from "../harness/render-rollout.ts";
import { digestBytes } from "../trajectory/chain.ts";
import { describeValue, typeName } from "../trajectory/describe-value.ts";
import { readPast } from "../trajectory/lineage.ts";
import { decodeRecord } from "../trajectory/records.ts";
import { countChanges } from "./count-changes.ts";
import {
  hexBytesMost,
  type ScriptDocument,
  type SeriesDocument,
  seriesPoints,
  type ShownValue,
  type StepDocument,
  type StepsDocument,
  stepsPerChunk,
  valueBytesMost,
  type ValueDocument,
} from "./documents.ts";
import { toJson } from "./to-json.ts";
import type { LoadedRollout, OpenRuns } from "./open-runs.ts";

/** How a table tells a record's fields. */
const told = ["action", "observation", "reward", "terminated", "truncated", "info", "end", "error"] as const;
/** The most components of an observation that are drawn along the steps. */
const componentsMost = 16;

/** `steps/ID/KEY/CHUNK` */
export function stepsDocument(rollout: LoadedRollout, chunk: number): StepsDocument {
  const { records } = rollout.chain;
  const start = chunk * stepsPerChunk;
  if (start >= records.length && chunk > 0) throw noSuch(`chunk ${chunk}`);
  const steps: StepDocument[] = [];
  let before = start === 0 ? undefined : decodeRecord(records[start - 1]!, "run_damaged");
  for (let at = start; at < Math.min(start + stepsPerChunk, records.length); at++) {
    const record = decodeRecord(records[at]!, "run_damaged");
    steps.push(stepDocument(rollout, at, record, before));
    before = record;
  }
  return { first: rollout.chain.first + start, steps };
}

function stepDocument(
  { chain, volatile }: LoadedRollout,
  at: number,
  record: TrajectoryRecord,
  before: TrajectoryRecord | undefined,
): StepDocument {
  const beside = record.kind === "closing" ? undefined : volatile.get(record.k);
  return {
    k: record.k,
    kind: record.kind,
    fields: Object.fromEntries(
      told.flatMap((name) => {
        const value = fieldOf(record, name);
        return value === undefined ? [] : [[name, shown(value)]];
      }),
    ),
    changed:
      before === undefined || before.kind === "closing" || record.kind === "closing"
        ? null
        : countChanges(before.observation, record.observation),
    moved: before === undefined ? [] : movedOf(before.hidden, record.hidden),
    ...(record.ledger === undefined ? {} : { ledger: record.ledger }),
    ...(beside === undefined || beside.info.length === 0
      ? {}
      : { volatile: shown({ type: "map", entries: beside.info }) }),
    digest: Buffer.from(chain.links.subarray(at * digestBytes, (at + 1) * digestBytes)).toString("hex"),
  };
}

function fieldOf(record: TrajectoryRecord, name: (typeof told)[number]): CborValue | undefined {
  if (record.kind === "closing") {
    if (name === "end") return { type: "text", value: record.end };
    if (name === "error" && record.error !== undefined) return { type: "map", entries: record.error };
    return name === "action" ? record.action : undefined;
  }
  if (name === "observation") return record.observation;
  if (name === "info") return record.info;
  if (record.kind === "reset" || name === "end" || name === "error") return undefined;
  return record[name];
}

function shown(value: CborValue): ShownValue {
  const { type, value: short } = describeValue(value);
  return { type, value: short, cut: isCut(short) };
}

/** Whether `describeValue` left something out: it marks each place with an ellipsis. */
function isCut(value: JsonValue): boolean {
  if (typeof value === "string") return value.includes("…");
  if (Array.isArray(value)) return value.some(isCut);
  return (
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).some(([key, item]) => key === "…" || isCut(item))
  );
}

function movedOf(before: readonly CborField[], now: readonly CborField[]): string[] {
  const earlier = new Map(before);
  return now.flatMap(([name, state]) => {
    const old = earlier.get(name);
    return old !== undefined && countChanges(old, state) === 0 ? [] : [name];
  });
}

/** `value/ID/KEY/STEP/FIELD` */
export function valueDocument({ chain }: LoadedRollout, step: number, field: string): ValueDocument {
  const record = chain.records[step - chain.first];
  // The closing record has the number after the last step's.
  if (record === undefined) throw noSuch(`step ${step}`);
  const span = fieldSpans(record, "run_damaged").find(({ name }) => name === field);
  if (span === undefined) throw noSuch(`field ${field} of step ${step}`);
  const bytes = record.subarray(span.start, span.end);
  const value = decodeCbor(bytes, "run_damaged");
  const fits = bytes.length <= valueBytesMost;
  return {
    k: step,
    field,
    type: typeName(value),
    value: fits ? cborToJson(value) : null,
    length: bytes.length,
    bytes: Buffer.from(bytes.subarray(0, hexBytesMost)).toString("base64"),
    digest: digestOf(bytes),
    ...(value.type === "ndarray" && fits
      ? {
          array: { dtype: value.dtype, shape: value.shape, data: Buffer.from(value.data).toString("base64") },
        }
      : {}),
  };
}

/** `series/ID/KEY` */
export function seriesDocument({ chain }: LoadedRollout): SeriesDocument {
  const count = chain.records.length;
  const stride = Math.max(1, Math.ceil(count / seriesPoints));
  const steps: number[] = [];
  const rewards: (number | null)[] = [];
  const total: (number | null)[] = [];
  const observation: (number | null)[][] = [];
  let sum: number | null = 0;
  for (let at = 0; at < count; at++) {
    const record = decodeRecord(chain.records[at]!, "run_damaged");
    if (record.kind === "closing") break;
    const reward = record.kind === "step" ? finite(rewardOf(record.reward)) : 0;
    sum = sum === null || reward === null ? null : sum + reward;
    if (at % stride !== 0) continue;
    steps.push(record.k);
    rewards.push(reward);
    total.push(sum);
    componentsOf(record.observation).forEach((value, place) => {
      (observation[place] ??= steps.slice(1).map(() => null)).push(value);
    });
    for (const line of observation) while (line.length < steps.length) line.push(null);
  }
  return { steps, rewards, total, observation };
}

function componentsOf(value: CborValue): readonly (number | null)[] {
  if (value.type === "int" || value.type === "float") return [finite(Number(value.value))];
  if (value.type !== "ndarray") return [];
  const count = value.shape.reduce((product, size) => product * size, 1);
  if (count > componentsMost) return [];
  const read = elementReader(value);
  return Array.from({ length: count }, (_, at) => finite(Number(read(at))));
}

function finite(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** `script/ID/KEY` */
export async function scriptDocument(runs: OpenRuns, id: string, name: string): Promise<ScriptDocument> {
  const { reader } = await runs.open(id);
  const { summary, key } = await runs.rollout(id, name);
  const { seeds: _, branch, ...template } = reader.manifest.spec;
  const options =
    branch === undefined
      ? {}
      : { branch: { past: readPast(branch.past), reseed: branch.reseeds[key] ?? null, number: key } };
  const { receipt } = summary;
  const plan = planRollout({ ...template, seed: summary.seed }, receipt.limits, receipt, options);
  const parts = plan.members.flatMap(({ job }) =>
    job.entry === "script"
      ? [{ name: job.name, text: job.source, literal: `SEED = ${seedLiteral(summary.seed)}` }]
      : [],
  );
  const { environment, seats } = template;
  if (environment.kind === "file")
    parts.push({ name: environment.name, text: environment.source, literal: "" });
  for (const { seat, policy } of seats)
    if (policy.kind === "source")
      parts.push({ name: `${seat}: ${policy.name}`, text: policy.source, literal: "" });
  return { parts };
}

/** What a rollout's END frame says, for people. */
export function endOf({ end }: LoadedRollout): JsonObject {
  if (end === undefined) return {};
  const { spaces, ...rest } = end;
  return toJson({ ...rest, ...(spaces === undefined ? {} : { spaces: cborToJson(spaces) }) });
}

function noSuch(what: string): SameseedError {
  return new SameseedError("run_missing", `the rollout has no ${what}`);
}
