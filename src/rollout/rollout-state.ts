/*
 * Theory of operation. A state of a stepped rollout is not its memory but what leads to it: the manifests on the way, each
 * with its recorded actions, and the chain value they end with. Snapshots, checkpoints and branches are all made from it, and
 * whatever plays it again is held against its chain before it may go on.
 */
import { SameseedError } from "../base/error.ts";
import { encodedList } from "../harness/recorded-actions.ts";
import { canonicalJson } from "../harness/manifest.ts";
import { renderReferee } from "../harness/render-rollout.ts";
import { type BranchOrigin, branchOriginSchema } from "../model/branch.ts";
import { encodedItems, fieldSpans } from "../model/cbor/field-spans.ts";
import type { JsonObject } from "../model/json.ts";
import type { Limits } from "../model/limits.ts";
import type { RolloutSpec } from "../model/rollout.ts";
import type { SnapshotPart } from "../model/snapshot.ts";
import type { BackendReceipt } from "../sandbox/contract.ts";
import { ChainBuilder } from "../trajectory/chain.ts";
import { recordKind } from "../trajectory/records.ts";
import { StateGate } from "../trajectory/state-gate.ts";
import { parseTrajectoryBlob, recordsOf } from "../trajectory/trajectory-blob.ts";
import { planRollout, type RolloutPlan } from "./plan-rollout.ts";

/** One manifest of a state, and what it stands for. */
export interface StatePlace {
  readonly manifest: JsonObject;
  readonly origin: BranchOrigin | undefined;
  /** The step it ends with. */
  readonly step: number;
  /** Its actions, as they are encoded. */
  readonly actions: readonly Uint8Array[];
}

/** A state of a rollout. */
export interface RolloutState {
  readonly parts: readonly StatePlace[];
  readonly chain: string;
  readonly content: string;
}

/** The state that a rollout's records lead to. @param before the parts that are other rollouts' */
export function stateOf(
  before: readonly StatePlace[],
  { blob, chain, content }: { readonly blob: Uint8Array; readonly chain: string; readonly content: string },
  step: number,
): RolloutState {
  const { manifest } = parseTrajectoryBlob(blob);
  const own = place(JSON.parse(Buffer.from(manifest).toString()) as JsonObject, step, actionsOf(blob));
  return { parts: [...before, own], chain, content };
}

/** The state of a branch that starts at another state. */
export function branchState(
  state: RolloutState,
  reseed: number | null,
  { spec, limits, receipt }: StatePlan,
): RolloutState {
  const { step } = state.parts.at(-1)!;
  const origin: BranchOrigin = { step, parent: state.chain, content: state.content, reseed };
  const plain = JSON.parse(Buffer.from(planRollout(spec, limits, receipt).manifest).toString()) as JsonObject;
  const own = place({ ...plain, branch: { ...origin } }, step, []);
  const parts = [...state.parts, own];
  // Nothing of its own is recorded yet: its chain is where it starts.
  const { digest: chain, contentDigest: content } = new ChainBuilder(encoded(own).manifest).digests();
  return { parts, chain, content };
}

/** What a state is played again with. */
export interface StatePlan {
  readonly spec: RolloutSpec;
  readonly limits: Limits;
  readonly receipt: BackendReceipt;
}

/** Plans a rollout that goes on from a state. @param number its number, where it is a branch */
export function planFromState(
  { spec, limits, receipt }: StatePlan,
  state: RolloutState,
  number: number,
): RolloutPlan {
  const plain = planRollout(spec, limits, receipt);
  const member = plain.members[0]!;
  const { parts } = state;
  const last = parts.at(-1)!;
  const [file] = member.job.files;
  const source = renderReferee({
    spec,
    plans: spec.seats.map(() => ({ kind: "caller" as const })),
    ...(file === undefined ? {} : { environmentPath: file.path }),
    past: { parts, reseed: null },
  });
  const { origin } = last;
  return {
    ...plain,
    manifest: encoded(last).manifest,
    members: [{ ...member, job: { ...member.job, source } as typeof member.job }],
    branch: {
      gate: () => new StateGate(parts.map(encoded), state),
      ...(origin === undefined
        ? {}
        : { lineage: { number, step: origin.step, parent: origin.parent, reseed: origin.reseed } }),
    },
  };
}

/** Whether the state of one rollout is on the way to that of another. */
export function isOnTheWay(to: RolloutState, from: RolloutState): boolean {
  const at = to.parts.length - 1;
  const same = (one: StatePlace, other: StatePlace | undefined): boolean =>
    other !== undefined && canonicalJson(one.manifest) === canonicalJson(other.manifest);
  const other = from.parts[at];
  if (other === undefined || !to.parts.every((part, index) => same(part, from.parts[index]))) return false;
  const own = to.parts[at]!;
  return (
    own.actions.length <= other.actions.length &&
    own.actions.every((action, index) => Buffer.compare(action, other.actions[index]!) === 0)
  );
}

/** The parts of a state as a snapshot has them. */
export function toSnapshotParts({ parts }: Pick<RolloutState, "parts">): SnapshotPart[] {
  return parts.map(({ manifest, step, actions }) => ({ manifest, step, actions: encodedList(actions) }));
}

/**
 * The parts of a snapshot as a state has them.
 * @throws `bad_argument` where they do not fit one another
 */
export function fromSnapshotParts(parts: readonly SnapshotPart[]): StatePlace[] {
  let step = 0;
  return parts.map((part, at) => {
    const own = place(part.manifest, part.step, listed(part.actions));
    const count = own.actions.length;
    if (
      (own.origin === undefined) !== (at === 0) ||
      (own.origin?.step ?? 0) !== step ||
      step + count !== part.step
    )
      throw notWhole("its parts do not follow one another");
    step = part.step;
    return own;
  });
}

/** A snapshot that cannot be what it says. */
export function notWhole(why: string): SameseedError {
  return new SameseedError("bad_argument", `this is not a whole snapshot: ${why}`, {
    hint: "give the value that `snapshot()` returned, as it was",
  });
}

function place(manifest: JsonObject, step: number, actions: readonly Uint8Array[]): StatePlace {
  const { branch } = manifest;
  if (branch === undefined) return { manifest, origin: undefined, step, actions };
  const origin = branchOriginSchema.safeParse(branch);
  if (!origin.success) throw notWhole("a branch does not say where it starts");
  return { manifest, origin: origin.data, step, actions };
}

function encoded({ manifest, origin, step }: StatePlace): {
  manifest: Buffer;
  origin: BranchOrigin | undefined;
  step: number;
} {
  return { manifest: Buffer.from(canonicalJson(manifest)), origin, step };
}

function actionsOf(blob: Uint8Array): Uint8Array[] {
  const actions: Uint8Array[] = [];
  for (const record of recordsOf(parseTrajectoryBlob(blob))) {
    const spans = fieldSpans(record, "run_damaged");
    if (recordKind(spans) !== "step") continue;
    const span = spans.find(({ name }) => name === "action")!;
    actions.push(Uint8Array.from(record.subarray(span.start, span.end)));
  }
  return actions;
}

/** The encoded items of an encoded list. */
function listed(base64: string): Uint8Array[] {
  try {
    return encodedItems(Buffer.from(base64, "base64"), "protocol_broken");
  } catch {
    throw notWhole("its actions cannot be read");
  }
}
