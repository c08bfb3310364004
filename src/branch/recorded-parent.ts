import { SameseedError } from "../base/error.ts";
import { decodeRecord } from "../trajectory/records.ts";
import { type Past, pastAt, readPast } from "../trajectory/lineage.ts";
import { recordsOf } from "../trajectory/trajectory-blob.ts";
import type { TrajectoryChain } from "../trajectory/trajectory-chain.ts";
import type { BranchParent } from "../model/branch.ts";
import { cborToJson } from "../model/cbor/to-json.ts";
import { entryOf, type CborValue } from "../model/cbor/value.ts";
import type { JsonValue } from "../model/json.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import type { RunReader } from "../store/run-reader.ts";
import { recordedChain } from "../verify/recorded-run.ts";

/** A recorded rollout that is to be branched at a step. */
export interface RecordedParent {
  readonly manifest: RunManifest;
  readonly summary: RolloutSummary;
  /** Which rollout of the run it is. */
  readonly named: BranchParent;
  /** The stored trajectories of what is before the branches, as a run of branches keeps them. */
  readonly stored: readonly Uint8Array[];
  /** The same, checked. */
  readonly past: Past;
  /** Its own records with their chains. */
  readonly chain: TrajectoryChain;
}

/** Which recorded rollout is meant, and where. */
export interface ParentChoice {
  /** @default the seed of the run, where the run has only one */
  readonly seed?: number;
  /** Its number, where the run is one of branches. */
  readonly branch?: number;
  readonly step: number;
}

/**
 * Finds a recorded rollout and what is before one of its steps.
 *
 * @throws `run_missing`, `run_damaged`, `bad_argument`
 */
export function recordedParent(reader: RunReader, { seed, branch, step }: ParentChoice): RecordedParent {
  const { manifest } = reader;
  const key = keyOf(manifest, seed, branch);
  const summary = reader.row(key);
  if (summary.branch !== undefined && step < summary.branch.step)
    throw new SameseedError(
      "bad_argument",
      `branch ${key} starts at step ${summary.branch.step}: what is before step ${step} is its parent's`,
      { hint: `branch it at a step from ${summary.branch.step} on, or branch its parent` },
    );
  const chain = recordedChain(reader, summary);
  const stored = pastAt(manifest.spec.branch?.past ?? [], reader.trajectory(key), step);
  const named = { runId: manifest.runId, seed: summary.seed };
  return {
    manifest,
    summary,
    named: branch === undefined ? named : { ...named, branch },
    stored,
    past: readPast(stored),
    chain,
  };
}

function keyOf({ spec }: RunManifest, seed: number | undefined, branch: number | undefined): number {
  if (spec.branch === undefined) {
    if (branch !== undefined)
      throw new SameseedError("bad_argument", "the run holds no branches, but one was named by its number", {
        hint: "name a rollout by its seed alone",
      });
    const only = spec.seeds.length === 1 ? spec.seeds[0] : undefined;
    const chosen = seed ?? only;
    if (chosen !== undefined) return chosen;
    throw new SameseedError("bad_argument", "the run holds rollouts of several seeds", {
      hint: "name the seed of the one to branch",
    });
  }
  if (seed !== undefined && seed !== spec.seeds[0])
    throw new SameseedError("bad_argument", `the branches of the run are of seed ${spec.seeds[0]}`);
  if (branch === undefined)
    throw new SameseedError("bad_argument", "the run holds branches, and none of them was named", {
      hint: "name one by its number: --branch I, or { branch }",
    });
  return branch;
}

/** The seat that took each of the parent's own steps, in their order, with what it did. */
export function ownMoves({ chain, manifest, past }: RecordedParent): { seat: string; action: CborValue }[] {
  const { seats } = manifest.spec;
  const moves: { seat: string; action: CborValue }[] = [];
  const isShared = seats.length > 1;
  // Who acts in the first of its own steps stands in the record before it.
  let next = isShared && chain.first > 0 ? agentOf(past.records[chain.first - 1]!) : seats[0]!.seat;
  for (const payload of recordsOf(chain.blob)) {
    const record = decodeRecord(payload, "run_damaged");
    if (record.kind === "closing") break;
    if (record.kind === "step") moves.push({ seat: next, action: record.action });
    if (isShared) next = agentIn(record.info) ?? next;
  }
  return moves;
}

/**
 * What a seat of the parent did after the step it is branched at, as a list of actions.
 *
 * @throws `bad_argument` where an action is not a JSON value
 */
export function restOfActions(parent: RecordedParent, seat: string): readonly JsonValue[] {
  const own = ownMoves(parent).slice(parent.past.step - Math.max(0, parent.chain.first - 1));
  return own.filter((move) => move.seat === seat).map(({ action }) => exactJson(action, seat));
}

/** How many of the parent's own actions a seat took up to the step it is branched at. */
export function actionsTaken(parent: RecordedParent, seat: string): number {
  const own = ownMoves(parent).slice(0, parent.past.step - Math.max(0, parent.chain.first - 1));
  return own.filter((move) => move.seat === seat).length;
}

function agentOf(payload: Uint8Array): string {
  const record = decodeRecord(payload, "run_damaged");
  return (record.kind === "closing" ? undefined : agentIn(record.info)) ?? "";
}

function agentIn(info: CborValue): string | undefined {
  const agent = info.type === "map" ? entryOf(info.entries, "agent") : undefined;
  return agent?.type === "text" ? agent.value : undefined;
}

/** JSON writes an infinite number as a text, which is another action. */
function exactJson(value: CborValue, seat: string): JsonValue {
  const json = cborToJson(value);
  if (isExact(value)) return json;
  throw new SameseedError("bad_argument", `an action that the caller gave for ${seat} is not a JSON value`, {
    hint: "give the branches a policy",
  });
}

function isExact(value: CborValue): boolean {
  switch (value.type) {
    case "null":
    case "bool":
    case "text":
    case "ndarray":
      return true;
    case "int":
      return Number.isSafeInteger(Number(value.value));
    case "float":
      return Number.isFinite(value.value);
    case "list":
    case "tuple":
      return value.items.every(isExact);
    case "map":
      return value.entries.every(([, inner]) => isExact(inner));
    case "bytes":
    case "set":
    case "frozenset":
    case "pairs":
    case "namedtuple":
    case "dataclass":
    case "enum":
    case "stringarray":
    case "typed":
    case "opaque":
      break;
  }
  return false;
}
