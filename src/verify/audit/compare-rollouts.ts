import { createHash } from "node:crypto";

import { digestBytes } from "../../trajectory/chain.ts";
import { decodeRecord } from "../../trajectory/records.ts";
import { chainOf, type TrajectoryChain } from "../../trajectory/trajectory-chain.ts";
import { fieldSpans } from "../../model/cbor/field-spans.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { RecordedRollout, RolloutSummary } from "../../model/rollout.ts";
import type { Divergence, Ledger } from "../../model/trajectory.ts";
import { firstDivergence } from "../../trajectory/first-divergence.ts";

/** How a rollout in a changed world compares with the one in the world that is not. */
export interface Compared {
  readonly divergence?: Divergence;
  /** Steps until a limit ended one of them, where nothing differed so far. */
  readonly cutOff?: number;
}

const ledgerField = "ledger";

/** Ends that say how long a rollout took, not what it computed. */
const cutOffs: ReadonlySet<Outcome> = new Set<Outcome>(["cpu_limit", "wall_limit", "output_limit", "killed"]);

/**
 * Compares two rollouts of one spec in two worlds, all but their ledgers: another number of clock reads in another world
 * is no fault where nothing comes of it.
 * @throws `run_damaged`
 */
export function compareRollouts(expected: RecordedRollout, actual: RecordedRollout): Compared {
  const found = firstDivergence(auditChain(expected.trajectory), auditChain(actual.trajectory));
  if (found === undefined) {
    const { outcome: before } = expected.summary;
    const { outcome: after } = actual.summary;
    return before === after ? {} : { divergence: outcomeDivergence(actual, before, after) };
  }
  // Either may be the one that a limit ended: on a busy machine the unchanged world's, too.
  const shorter = expected.summary.steps < actual.summary.steps ? expected : actual;
  if (found.field === "length" && cutOffs.has(shorter.summary.outcome))
    return { cutOff: shorter.summary.steps };
  const differing = found.differing.filter((name) => name !== ledgerField);
  return { divergence: { ...found, differing, ...faultIn(found, actual) } };
}

/** What a rollout that broke off in the changed world says of it: that it has fewer steps explains nothing. */
function faultIn({ field }: Divergence, { summary }: RecordedRollout): Partial<Divergence> {
  return field === "length" && summary.error !== undefined ? faultValues(summary) : {};
}

/** A rollout that was no complete episode, as what was expected and what came. */
export function faultValues({ outcome, error }: RolloutSummary): Pick<
  Divergence,
  "path" | "expected" | "expectedType" | "actualType"
> & {
  readonly actual: string;
} {
  return {
    path: "error",
    expected: "a complete episode",
    actual: error === undefined ? outcome : `${error.type}: ${error.message}`,
    expectedType: "outcome",
    actualType: outcome,
  };
}

/**
 * Compares two rollouts of one spec in one world, their ledgers too: where a program asks that world another number of
 * times, what it asks follows from something that is no part of the world, and its chain is another each time.
 * @throws `run_damaged`
 */
export function compareTwins(expected: RecordedRollout, actual: RecordedRollout): Compared {
  const compared = compareRollouts(expected, actual);
  if (compared.divergence !== undefined || compared.cutOff !== undefined) return compared;
  const divergence = firstDivergence(chainOf(expected.trajectory), chainOf(actual.trajectory));
  return divergence === undefined ? {} : { divergence };
}

/** What a rollout asked of the world, from all its records; empty where its world keeps no ledger. */
export function ledgerOf(rollout: RecordedRollout): Ledger {
  const counts = new Map<string, number>();
  for (const payload of chainOf(rollout.trajectory).records) {
    for (const [kind, count] of Object.entries(decodeRecord(payload, "run_damaged").ledger ?? {}))
      counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The chains of a trajectory, the content chain over everything but the ledgers. */
function auditChain(stored: Uint8Array): TrajectoryChain {
  const chain = chainOf(stored);
  const contentLinks = new Uint8Array(chain.records.length * digestBytes);
  let link: Uint8Array = new Uint8Array(digestBytes);
  for (const [k, record] of chain.records.entries()) {
    const hasher = createHash("sha256").update(link);
    for (const { name, start, end } of fieldSpans(record, "run_damaged"))
      if (name !== ledgerField)
        hasher.update(`${name}\0${end - start}\0`).update(record.subarray(start, end));
    link = hasher.digest();
    contentLinks.set(link, k * digestBytes);
  }
  return { ...chain, contentLinks };
}

/** Equal records, and another verdict: the changed one was ended from outside after its last record. */
function outcomeDivergence(actual: RecordedRollout, before: Outcome, after: Outcome): Divergence {
  return {
    step: actual.summary.steps,
    field: "outcome",
    path: "outcome",
    expected: before,
    actual: after,
    expectedType: "text",
    actualType: "text",
    differing: ["outcome"],
    agreeing: [],
  };
}
