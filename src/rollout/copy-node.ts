import type { BranchPlan, Checkpoint, RunningSandbox, SandboxTree } from "../sandbox/contract.ts";
import type { StateTrunk, TrunkPlace } from "./state-trunk.ts";

/** A tree, with the states of it that can be copied. */
export interface Grove {
  readonly tree: SandboxTree;
  readonly root: StateTrunk;
  readonly nodes: Map<string, Node>;
  /** It holds as many copies as it can. */
  isFull: boolean;
  /** Nothing more starts in it; it is closed when no branch lives in it. */
  isRetired: boolean;
  branches: number;
}

/** A state that can be copied: a trunk waits in it, or a checkpoint keeps it. */
export interface Node {
  readonly grove: Grove;
  readonly place: TrunkPlace;
  /** Whose copies start from it. */
  readonly owner: StateTrunk;
  /** Whether the owner itself waits in it. */
  isTrunk: boolean;
  kept: Checkpoint | undefined;
  /** Who is about to copy it, and branches of it that live. */
  holds: number;
  branches: number;
  used: number;
}

/** Whether it can be copied now, as far as is known. */
export function isUsable({ grove, owner }: Node): boolean {
  return !grove.isFull && !owner.isLost;
}

/** A state that is held where it can be copied. */
export interface HeldState {
  readonly place: TrunkPlace;
  /** Starts a branch of it. @throws as `CopySource.branch` */
  branch(plan: BranchPlan): Promise<RunningSandbox>;
  release(): void;
}
