/*
 * Theory of operation. A state of a stepped rollout is not its memory but what leads to it: the manifests on the way, each
 * with its recorded actions, and the chain value they end with. Snapshots, checkpoints and branches are all made from it, and
 * whatever plays it again is held against its chain before it may go on.
 */
import { SameseedError } from "../base/error.ts";
import { encodedList } from "../harness/recorded-actions.ts";
import { canonicalJson } from "../harness/manifest.ts";
import { renderReferee } from "../harness/render-rollout.ts";
import { type BranchLineage, type BranchOrigin, branchOriginSchema } from "../model/branch.ts";
import { encodedItems } from "../model/cbor/field-spans.ts";
import type { JsonObject } from "../model/json.ts";
import type { Limits } from "../model/limits.ts";
import type { RewardSum } from "../model/reward-sum.ts";
import type { RolloutSpec } from "../model/rollout.ts";
import type { SnapshotPart } from "../model/snapshot.ts";
import type { BackendReceipt } from "../sandbox/contract.ts";
import { ChainBuilder } from "../trajectory/chain.ts";
import { CopiedGate, StateGate } from "../trajectory/state-gate.ts";
import { environmentFileOf, environmentFolder, filesIn } from "./job-files.ts";
import { planRollout, type RolloutPlan } from "./plan-rollout.ts";
import type { RecordedSoFar } from "./recorded-so-far.ts";

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
  { manifest, actions, chain, content }: RecordedSoFar,
  step: number,
): RolloutState {
  const own = place(readManifest(manifest), step, actions);
  return { parts: [...before, own], chain, content };
}

/** The state of a branch that starts at another state. */
export function branchState(state: RolloutState, reseed: number | null, plan: StatePlan): RolloutState {
  const { step } = state.parts.at(-1)!;
  const origin: BranchOrigin = { step, parent: state.chain, content: state.content, reseed };
  const own = place({ ...readManifest(plainPlan(plan).manifest), branch: { ...origin } }, step, []);
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
export function planFromState(plan: StatePlan, state: RolloutState, number: number): RolloutPlan {
  const { spec } = plan;
  const plain = plainPlan(plan);
  const member = plain.members[0]!;
  const { parts } = state;
  const last = parts.at(-1)!;
  const file = environmentFileOf(spec);
  const beside = filesIn(environmentFolder, spec.files);
  const source = renderReferee({
    spec,
    plans: spec.seats.map(() => ({ kind: "caller" as const })),
    ...(file === undefined ? {} : { environmentPath: file.path }),
    ...(beside.length === 0 ? {} : { filesFolder: environmentFolder }),
    past: { parts, reseed: null },
  });
  return {
    ...plain,
    manifest: encoded(last).manifest,
    members: [{ ...member, job: { ...member.job, source } as typeof member.job }],
    branch: {
      engine: "replay",
      gate: () => new StateGate(parts.map(encoded), state),
      ...lineageIn(last, number),
    },
  };
}

/**
 * Plans a rollout that goes on from a copy of a state.
 * @param rewardBefore the rewards of what is other rollouts'
 */
export function planCopy(
  plan: StatePlan,
  { parts }: RolloutState,
  number: number,
  rewardBefore: () => RewardSum | undefined,
): RolloutPlan {
  const last = parts.at(-1)!;
  return {
    ...plainPlan(plan),
    manifest: encoded(last).manifest,
    branch: { engine: "fork", gate: () => new CopiedGate(rewardBefore), ...lineageIn(last, number) },
  };
}

function lineageIn({ origin }: StatePlace, number: number): { readonly lineage?: BranchLineage } {
  if (origin === undefined) return {};
  const { step, parent, reseed } = origin;
  return { lineage: { number, step, parent, reseed } };
}

/** Whether the state of one rollout is on the way to that of another. */
export function isOnTheWay(to: RolloutState, from: RolloutState): boolean {
  const at = to.parts.length - 1;
  const same = (one: StatePlace, other: StatePlace | undefined): boolean =>
    other !== undefined &&
    (one.manifest === other.manifest || canonicalJson(one.manifest) === canonicalJson(other.manifest));
  const other = from.parts[at];
  if (other === undefined || !to.parts.every((part, index) => same(part, from.parts[index]))) return false;
  const own = to.parts[at]!;
  return (
    own.actions.length <= other.actions.length &&
    own.actions.every((action, index) => {
      const taken = other.actions[index]!;
      return action === taken || Buffer.compare(action, taken) === 0;
    })
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

/** A part as it is checked. */
export function encoded({ manifest, origin, step }: StatePlace): {
  manifest: Buffer;
  origin: BranchOrigin | undefined;
  step: number;
} {
  return { manifest: Buffer.from(canonicalJson(manifest)), origin, step };
}

const manifests = new WeakMap<Uint8Array, JsonObject>();

/** A manifest's bytes as a value; of the same bytes the same one. */
function readManifest(bytes: Uint8Array): JsonObject {
  const known = manifests.get(bytes);
  if (known !== undefined) return known;
  const value = JSON.parse(Buffer.from(bytes).toString()) as JsonObject;
  manifests.set(bytes, value);
  return value;
}

const plainPlans = new WeakMap<StatePlan, RolloutPlan>();

/** What is planned, as it is from its reset on. */
function plainPlan(plan: StatePlan): RolloutPlan {
  const known = plainPlans.get(plan);
  if (known !== undefined) return known;
  const value = planRollout(plan.spec, plan.limits, plan.receipt);
  plainPlans.set(plan, value);
  return value;
}

/** The encoded items of an encoded list. */
function listed(base64: string): Uint8Array[] {
  try {
    return encodedItems(Buffer.from(base64, "base64"), "protocol_broken");
  } catch {
    throw notWhole("its actions cannot be read");
  }
}
