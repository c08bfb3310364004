import * as z from "zod";

/** The largest integer that may re-key a state: as large as a seed. */
export const reseedSchema: z.ZodType<number> = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Where a branch starts: what its manifest says of it. */
export interface BranchOrigin {
  /** The step of the parent after which the branch goes on; 0 is the reset. */
  readonly step: number;
  /** The parent's chain value at that step: `sha256:…`. */
  readonly parent: string;
  /** The parent's content chain value at that step. */
  readonly content: string;
  /** What all generators and the world's entropy were re-keyed by; null where the state was taken as it was. */
  readonly reseed: number | null;
}

/** A branch in its rollout's row. */
export interface BranchLineage extends Omit<BranchOrigin, "content"> {
  /** Its number among the branches of its run, from 0. */
  readonly number: number;
}

/**
 * How a branch's state came about. `fork`: copied in memory. `replay`: the recorded actions were played again. Both give
 * the same bytes.
 */
export type BranchEngine = "fork" | "replay";

/** Which rollout of a recorded run is branched. */
export interface BranchParent {
  readonly runId: string;
  readonly seed: number;
  /** The parent's own number where it is a branch. */
  readonly branch?: number;
}

/** What makes a run a run of branches: part of its spec. */
export interface BranchSpec {
  readonly parent: BranchParent;
  readonly step: number;
  /** One entry for each branch, in the order of their numbers: what its state is re-keyed by, or null. */
  readonly reseeds: readonly (number | null)[];
  /**
   * The recorded past: stored trajectories that are cut off, the root's first. Each next one is a branch of the one before,
   * and the last one ends where the branches of this run start.
   */
  readonly past: readonly Uint8Array[];
}

/** The key of a rollout among those of its run: its seed, or in a run of branches its number. */
export function rowKey({ seed, branch }: { readonly seed: number; readonly branch?: BranchLineage }): number {
  return branch?.number ?? seed;
}

/** The keys of all rollouts of a run, in their order. */
export function runKeys({
  seeds,
  branch,
}: {
  readonly seeds: readonly number[];
  readonly branch?: BranchSpec;
}): readonly number[] {
  return branch === undefined ? seeds : branch.reseeds.map((_, number) => number);
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** Reads a {@link BranchOrigin}. */
export const branchOriginSchema: z.ZodType<BranchOrigin> = z.strictObject({
  step: z.int().min(0),
  parent: digest,
  content: digest,
  reseed: reseedSchema.nullable(),
});

/** Reads a {@link BranchLineage}. */
export const branchLineageSchema: z.ZodType<BranchLineage> = z.strictObject({
  number: z.int().min(0),
  step: z.int().min(0),
  parent: digest,
  reseed: reseedSchema.nullable(),
});

/** Reads a {@link BranchParent}. */
export const branchParentSchema: z.ZodType<BranchParent> = z.strictObject({
  runId: z.string().min(1).max(200),
  seed: z.int().min(0),
  branch: z.int().min(0).exactOptional(),
});
