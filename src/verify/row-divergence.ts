/*
 * What a row says of its rollout beside the recorded bytes. Its own hash is of what anybody may write, so what follows from the
 * records is compared with the rollout that was run again: a return that was altered is no recorded one.
 */
import { isDeepStrictEqual } from "node:util";

import type { JsonValue } from "../model/json.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { Divergence } from "../model/trajectory.ts";

/** What of a row follows from the records; the digests of bytes are compared on their own. */
const following = ["steps", "totalReward", "playDigest"] as const;

/** Where a row says something else of the same records than another execution; undefined where it does not. */
export function recordsDivergence(expected: RolloutSummary, actual: RolloutSummary): Divergence | undefined {
  const field = following.find((name) => !isDeepStrictEqual(expected[name], actual[name]));
  if (field === undefined) return undefined;
  return divergenceOf(expected, actual, field, expected[field], actual[field]);
}

/** The same where the policies were run again, too: what they were seeded with, and which of them was at fault. */
export function rowDivergence(expected: RolloutSummary, actual: RolloutSummary): Divergence | undefined {
  const found = recordsDivergence(expected, actual);
  if (found !== undefined) return found;
  if (!isDeepStrictEqual(expected.seeded, actual.seeded))
    return divergenceOf(expected, actual, "seeded", expected.seeded, actual.seeded);
  const [before, now] = [expected, actual].map(({ error }) => error?.seat ?? null);
  return before === now ? undefined : divergenceOf(expected, actual, "error.seat", before!, now!);
}

/** Two recordings whose records agree and whose verdicts do not: one was ended from outside. */
export function outcomeDivergence(expected: RolloutSummary, actual: RolloutSummary): Divergence {
  return divergenceOf(expected, actual, "outcome", expected.outcome, actual.outcome);
}

function divergenceOf(
  before: RolloutSummary,
  now: RolloutSummary,
  field: string,
  expected: unknown,
  actual: unknown,
): Divergence {
  return {
    step: Math.min(before.steps, now.steps),
    field,
    path: field,
    expected: expected as JsonValue,
    actual: actual as JsonValue,
    expectedType: typeOf(expected),
    actualType: typeOf(actual),
    differing: [field],
    agreeing: [],
  };
}

function typeOf(value: unknown): string {
  if (value === null) return "absent";
  return typeof value === "string" ? "text" : Array.isArray(value) ? "list" : typeof value;
}
