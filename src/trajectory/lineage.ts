/*
 * Theory of operation. The past of a branch is a list of stored trajectories that are cut off: the root's records from
 * its reset on, then those of each branch on the way. Each names the chain value that the one before ends with, so the
 * list is checked like any chain, and the last link is the one that the branch's manifest names as its parent's.
 */
import { SameseedError } from "../base/error.ts";
import { fieldSpans } from "../model/cbor/field-spans.ts";
import { toFlag, toReward } from "../model/cbor/typed-value.ts";
import type { BranchOrigin } from "../model/branch.ts";
import type { JsonObject } from "../model/json.ts";
import { isComplete } from "../model/outcome.ts";
import { originOf } from "./branch-origin.ts";
import { ChainBuilder } from "./chain.ts";
import { decodeEnd, decodeRecord, decodeVolatile, failRecord, recordKind, unsignedAt } from "./records.ts";
import { type RewardSum, withRecorded } from "../model/reward-sum.ts";
import { buildTrajectoryBlob, framesOf, parseTrajectoryBlob, recordsOf } from "./trajectory-blob.ts";

/** The records of a past that one manifest stands for. */
export interface PastPart {
  readonly manifest: JsonObject;
  /** Where it starts; undefined for the root. */
  readonly origin: BranchOrigin | undefined;
  /** The step it ends with. */
  readonly step: number;
  /** The recorded action of each of its steps, as it is encoded. */
  readonly actions: readonly Uint8Array[];
}

/** A checked past: everything before a branch. */
export interface Past {
  readonly parts: readonly PastPart[];
  /** The payloads of all records, from the reset to {@link step}. */
  readonly records: readonly Uint8Array[];
  readonly step: number;
  /** The last link of the chain, and of the content chain. */
  readonly parent: string;
  readonly content: string;
  /** The rewards of all steps, added in their order; undefined where there is no step. */
  readonly totalReward: RewardSum | undefined;
  /** The last of what it was re-keyed by, and at which step; null if it never was. */
  readonly reseeded: { readonly step: number; readonly reseed: number } | null;
}

/**
 * The past of a branch that starts at a step of a recorded rollout.
 *
 * @param before the rollout's own past where it is a branch, else none
 * @throws {@link SameseedError} `bad_argument` where nothing can follow that step; `run_damaged`
 */
export function pastAt(
  before: readonly Uint8Array[],
  stored: Uint8Array,
  step: number,
): readonly Uint8Array[] {
  const parts = [...before, stored];
  const at = parts.findLastIndex((part) => startOf(part) <= step);
  if (at < 0) return failRecord("run_damaged", "a past has no beginning");
  return [...parts.slice(0, at), cutOff(parts[at]!, step)];
}

/**
 * Checks a past and reads what a branch of it needs.
 *
 * @throws {@link SameseedError} `run_damaged` where one part does not follow from the one before
 */
export function readPast(stored: readonly Uint8Array[]): Past {
  const records: Uint8Array[] = [];
  const parts: PastPart[] = [];
  let parent = "";
  let content = "";
  let step = 0;
  let totalReward: RewardSum | undefined;
  let reseeded: Past["reseeded"] = null;
  for (const [at, bytes] of stored.entries()) {
    const blob = parseTrajectoryBlob(bytes);
    const origin = originOf(blob.manifest, "run_damaged");
    if ((origin === undefined) !== (at === 0))
      failRecord("run_damaged", "a past does not begin with its root");
    if (
      origin !== undefined &&
      (origin.parent !== parent || origin.content !== content || origin.step !== step)
    )
      failRecord("run_damaged", "a branch in a past does not follow from what is before it");
    if (origin !== undefined && origin.reseed !== null) reseeded = { step, reseed: origin.reseed };
    const chain = new ChainBuilder(blob.manifest, "run_damaged");
    const actions: Uint8Array[] = [];
    for (const payload of recordsOf(blob)) {
      chain.add(payload);
      records.push(payload);
      const record = decodeRecord(payload, "run_damaged");
      if (record.kind === "closing") failRecord("run_damaged", "a past goes on after its end");
      if (record.kind !== "step") continue;
      totalReward = withRecorded(totalReward, record.reward);
      actions.push(actionOf(payload));
    }
    const digests = chain.digests();
    ({ digest: parent, contentDigest: content, steps: step } = digests);
    const manifest = JSON.parse(Buffer.from(blob.manifest).toString()) as JsonObject;
    parts.push({ manifest, origin, step, actions });
  }
  if (records.length !== step + 1) failRecord("run_damaged", "a past has not all records up to its end");
  return { parts, records, step, parent, content, totalReward, reseeded };
}

/** The step after which a stored trajectory's records begin. */
function startOf(stored: Uint8Array): number {
  return originOf(parseTrajectoryBlob(stored).manifest, "run_damaged")?.step ?? 0;
}

/** A stored trajectory up to a step, without what the step was not yet. */
function cutOff(stored: Uint8Array, step: number): Buffer {
  const blob = parseTrajectoryBlob(stored);
  const frames: Uint8Array[] = [];
  let last = originOf(blob.manifest, "run_damaged")?.step ?? -1;
  for (const frame of framesOf(blob)) {
    if (frame.type === "record") {
      const spans = fieldSpans(frame.payload, "run_damaged");
      const k = unsignedAt(frame.payload, spans[0]!);
      if (k === undefined) failRecord("run_damaged", "a record has no number");
      if (k > step || recordKind(spans) === "closing") break;
      last = k;
    } else if (frame.type === "end" || decodeVolatile(frame.payload, "run_damaged").k > step) break;
    frames.push(frame.bytes);
  }
  const end = frames.length === 0 ? undefined : lastRecord(blob, last);
  const most = end !== undefined && end.kind === "step" && isOver(blob, end) ? last - 1 : last;
  if (step > most) throw tooLate(step, most);
  return buildTrajectoryBlob(blob.manifest, frames);
}

function lastRecord(
  blob: ReturnType<typeof parseTrajectoryBlob>,
  step: number,
): ReturnType<typeof decodeRecord> | undefined {
  for (const payload of recordsOf(blob)) {
    const record = decodeRecord(payload, "run_damaged");
    if (record.k === step) return record;
  }
  return undefined;
}

/** Whether a step was the episode's last. */
function isOver(
  blob: ReturnType<typeof parseTrajectoryBlob>,
  { k, terminated, truncated }: Extract<ReturnType<typeof decodeRecord>, { kind: "step" }>,
): boolean {
  const flags = [terminated, truncated];
  if (!flags.some((flag) => Number.isNaN(toReward(flag)))) return flags.some(toFlag);
  // Flags by agent say nothing by themselves: how the whole rollout ended does.
  for (const frame of framesOf(blob)) {
    if (frame.type !== "end") continue;
    const { outcome, steps } = decodeEnd(frame.payload, "run_damaged");
    return steps === k && isComplete(outcome);
  }
  return false;
}

function actionOf(record: Uint8Array): Uint8Array {
  const span = fieldSpans(record, "run_damaged").find(({ name }) => name === "action");
  return span === undefined
    ? failRecord("run_damaged", "a step has no action")
    : record.subarray(span.start, span.end);
}

function tooLate(step: number, most: number): SameseedError {
  return new SameseedError(
    "bad_argument",
    `the rollout cannot go on after step ${step}: it is over by then`,
    {
      hint:
        most < 0
          ? "its reset failed, so that there is nothing to branch"
          : `branch it at a step from 0 (the reset) to ${most}`,
      context: { step, most },
    },
  );
}
