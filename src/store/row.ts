import * as z from "zod";
import type { RolloutSummary } from "../model/rollout.ts";
import { rewardToJson, rolloutSummarySchema } from "../model/rollout-schema.ts";
import { SameseedError } from "../base/error.ts";
import { maxPayloadBytes } from "./segment-format.ts";

/** Where a trajectory lies. */
export interface TrajectoryPlace {
  /** The segment's number, from 1. */
  readonly segment: number;
  /** The offset of its entry in the segment. */
  readonly offset: number;
  /** SHA-256 of the recorded bytes, as 64 hex digits. */
  readonly address: string;
}

/** What a row entry holds. */
export interface Row {
  readonly summary: RolloutSummary;
  /** Undefined where it was not kept. */
  readonly trajectory?: TrajectoryPlace;
}

const rowSchema: z.ZodType<Row> = z.strictObject({
  summary: rolloutSummarySchema,
  trajectory: z
    .strictObject({
      segment: z.int().min(1).max(999_999),
      offset: z.int().min(0),
      address: z.string().regex(/^[0-9a-f]{64}$/),
    })
    .exactOptional(),
});

/** Bytes of a row that are not its summary: more than any place takes. */
const placeBytes = 256;

/**
 * A summary as the JSON that rows hold.
 * @throws SameseedError `bad_argument` where it could not be read back, or is larger than a row may be.
 */
export function encodeSummary(summary: RolloutSummary): string {
  const json = JSON.stringify({ ...summary, totalReward: rewardToJson(summary.totalReward) });
  const checked = rolloutSummarySchema.safeParse(JSON.parse(json));
  if (!checked.success) {
    const problems = z.prettifyError(checked.error);
    throw new SameseedError(
      "bad_argument",
      `the row of seed ${summary.seed} cannot be recorded: ${problems}`,
    );
  }
  const bytes = Buffer.byteLength(json) + placeBytes;
  if (bytes <= maxPayloadBytes.row) return json;
  throw new SameseedError("bad_argument", `the row of seed ${summary.seed} has ${bytes} bytes`, {
    context: { bytes, maxBytes: maxPayloadBytes.row },
    hint: "shorten the rollout's warnings and traceback before recording it",
  });
}

/** A row as an entry's payload: UTF-8 JSON. The summary is {@link encodeSummary}'s. */
export function encodeRow(summaryJson: string, trajectory: TrajectoryPlace | undefined): Buffer {
  if (trajectory === undefined) return Buffer.from(`{"summary":${summaryJson}}`);
  return Buffer.from(`{"summary":${summaryJson},"trajectory":${JSON.stringify(trajectory)}}`);
}

/** Reads what {@link encodeSummary} wrote; undefined if it is not a row's summary. */
export function decodeSummary(text: Buffer): RolloutSummary | undefined {
  try {
    const summary = rolloutSummarySchema.safeParse(JSON.parse(text.toString()));
    return summary.success ? summary.data : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what {@link encodeRow} wrote; undefined if it is not a row of format 2. */
export function decodeRow(payload: Buffer): Row | undefined {
  let json: unknown;
  try {
    json = JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
  const row = rowSchema.safeParse(json);
  return row.success ? row.data : undefined;
}
