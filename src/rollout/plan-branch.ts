import type { RefereeScript } from "../harness/render-rollout.ts";
import type { BranchEngine, BranchLineage, BranchOrigin } from "../model/branch.ts";
import type { Past } from "../trajectory/lineage.ts";
import { PastGate } from "../trajectory/past-gate.ts";
import { CopiedGate, type Gate } from "../trajectory/state-gate.ts";
import type { ResolvedOptions } from "./rollout-config.ts";

/** A branch of a recorded rollout as it is asked for. */
export interface AskedBranch {
  readonly past: Past;
  readonly reseed: number | null;
  /** Its number in its run. */
  readonly number: number;
  /** How its state comes about; `trunk`: it is brought about to be copied. @default "replay" */
  readonly engine?: BranchEngine | "trunk";
}

/** One branch of a run of branches; nothing where the run has none. @param key its number */
export function askedBranch(
  branch: ResolvedOptions["branch"],
  key: number,
  engine?: NonNullable<AskedBranch["engine"]>,
): { readonly branch?: AskedBranch } {
  if (branch === undefined) return {};
  const { past, reseeds } = branch;
  const own = { past, reseed: reseeds[key] ?? null, number: key };
  return { branch: engine === undefined ? own : { ...own, engine } };
}

/** A branch as it is planned. */
export interface PlannedBranch {
  /** How its state comes about. */
  readonly engine: BranchEngine;
  /** Makes what is checked of the steps that are played again. */
  readonly gate: () => Gate;
  /** Undefined for a rollout that is no branch, and only taken up again. */
  readonly lineage?: BranchLineage;
}

/** Where a branch starts. */
export function originOfBranch({ past, reseed }: AskedBranch): BranchOrigin {
  return { step: past.step, parent: past.parent, content: past.content, reseed };
}

/** What its referee plays first. */
export function pastOf({ past, reseed, engine }: AskedBranch): NonNullable<RefereeScript["past"]> {
  return { parts: past.parts, reseed, copied: engine === "trunk" };
}

/** What is played again is checked; of what is copied, the trunk was. */
export function plannedBranch(
  { past, number, engine }: AskedBranch,
  { step, parent, reseed }: BranchOrigin,
): PlannedBranch {
  const lineage = { number, step, parent, reseed };
  if (engine === "fork") return { engine, lineage, gate: () => new CopiedGate(() => past.totalReward) };
  return { engine: "replay", lineage, gate: () => new PastGate(past) };
}
