import { fieldSpans } from "../model/cbor/field-spans.ts";
import { decodeEnd } from "../trajectory/records.ts";
import type { PolicyEnd } from "./render-rollout.ts";
import { framesOf, recordsOf, type TrajectoryBlob } from "../trajectory/trajectory-blob.ts";

/**
 * The actions of a stored trajectory as base64 of a canonical CBOR list, for a replay: one for each step and, where the
 * closing record holds the action that failed, that one too. The bytes are those that were recorded.
 *
 * @throws {@link SameseedError} `run_damaged`
 */
export function recordedActions(blob: TrajectoryBlob): string {
  return encodedList(recordedActionList(blob));
}

/**
 * The same actions, each by itself; views of the stored bytes.
 *
 * @throws {@link SameseedError} `run_damaged`
 */
export function recordedActionList(blob: TrajectoryBlob): readonly Uint8Array[] {
  const actions: Uint8Array[] = [];
  for (const record of recordsOf(blob)) {
    const span = fieldSpans(record, "run_damaged").find(({ name }) => name === "action");
    if (span !== undefined) actions.push(record.subarray(span.start, span.end));
  }
  return actions;
}

/** Base64 of the canonical CBOR list of encoded values. */
export function encodedList(values: readonly Uint8Array[]): string {
  return Buffer.concat([listHead(values.length), ...values]).toString("base64");
}

/**
 * How the policy of a stored trajectory ended it, for a replay; undefined if it ended otherwise or was cut off.
 *
 * @throws {@link SameseedError} `run_damaged`
 */
export function recordedPolicyEnd(blob: TrajectoryBlob): PolicyEnd | undefined {
  for (const frame of framesOf(blob)) {
    if (frame.type !== "end") continue;
    const { outcome, error } = decodeEnd(frame.payload, "run_damaged");
    if (error?.by !== "policy") return undefined;
    const { kind, type, message, seat } = error;
    return { outcome, error: { kind, type, message, ...(seat === undefined ? {} : { seat }) } };
  }
  return undefined;
}

/** The shortest head of a CBOR array. */
function listHead(count: number): Buffer {
  if (count < 24) return Buffer.from([0x80 | count]);
  if (count < 0x100) return Buffer.from([0x98, count]);
  const head = Buffer.alloc(count < 0x1_0000 ? 3 : 5);
  head[0] = count < 0x1_0000 ? 0x99 : 0x9a;
  head.writeUIntBE(count, 1, head.length - 1);
  return head;
}
