import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { refuseUnknownOptions } from "../base/known-options.ts";
import { type BranchEngine, reseedSchema } from "../model/branch.ts";
import type { RolloutState } from "./rollout-state.ts";

/** Which branches of an open rollout are opened. */
export interface BranchRequest {
  /** How many. @default as many as there are in `reseed`, else 1 */
  readonly count?: number;
  /** One integer for each: what its state is re-keyed by. @default none: the state is taken as it is */
  readonly reseed?: readonly number[];
  /**
   * `fork`: the state is copied in memory. `replay`: its actions are played again. Both give the same bytes.
   * @default `fork` where the state can be copied, else `replay`
   */
  readonly engine?: BranchEngine;
}

/** A state that a rollout can come back to; `OpenRollout.checkpoint` makes it. */
export interface Checkpoint {
  readonly step: number;
  /** The chain value there. */
  readonly chain: string;
}

/** Open rollouts keep sandboxes, of which a backend has 512. */
const branchesMost = 256;

const schema = z.object({
  count: z.int().min(1).max(branchesMost).optional(),
  reseed: z.array(reseedSchema).min(1).max(branchesMost).optional(),
  engine: z.enum(["fork", "replay"]).optional(),
});

/**
 * What each branch that is asked for is re-keyed by.
 * @throws `bad_argument`
 */
export function reseedsAsked(request: BranchRequest): readonly (number | null)[] {
  refuseUnknownOptions(request, { count: true, reseed: true, engine: true }, "branch");
  const parsed = schema.safeParse(request);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SameseedError("bad_argument", `${issue.path.join(".") || "the branches"}: ${issue.message}`, {
      hint: `open at most ${branchesMost} branches at once; branchRun records any number`,
    });
  }
  const { count, reseed } = parsed.data;
  if (reseed === undefined) return Array.from({ length: count ?? 1 }, () => null);
  if (count === undefined || count === reseed.length) return reseed;
  throw new SameseedError(
    "bad_argument",
    `${count} branches cannot be re-keyed by ${reseed.length} integers`,
    {
      hint: "leave out the count, or give one integer for each branch",
    },
  );
}

const states = new WeakMap<Checkpoint, RolloutState>();

/** Keeps a state as a checkpoint. */
export function makeCheckpoint(state: RolloutState): Checkpoint {
  const checkpoint = Object.freeze({ step: state.parts.at(-1)!.step, chain: state.chain });
  states.set(checkpoint, state);
  return checkpoint;
}

/** The state of a checkpoint. @throws `bad_argument` where it is none */
export function stateAt(checkpoint: Checkpoint): RolloutState {
  const state = states.get(checkpoint);
  if (state !== undefined) return state;
  throw new SameseedError("bad_argument", "this is not a checkpoint of this process", {
    hint: "give what checkpoint() returned; a snapshot() can be kept anywhere",
  });
}

/** @throws what kept the first of them from being opened; the others are closed then */
export async function allOrNone<T extends AsyncDisposable>(
  settled: readonly PromiseSettledResult<T>[],
): Promise<T[]> {
  const failed = settled.find((each) => each.status === "rejected");
  const opened = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (failed === undefined) return opened;
  await Promise.all(opened.map(async (rollout) => await rollout[Symbol.asyncDispose]()));
  throw failed.reason;
}

/** Why a rollout does not come back to a checkpoint. */
export function notOnTheWay(): SameseedError {
  return new SameseedError("bad_argument", "the checkpoint is not on the way to the rollout's state", {
    hint: "roll back to a checkpoint of this rollout, or of one that it is a branch of",
  });
}
