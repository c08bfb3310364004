import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { builtinGame } from "../games/builtin-games.ts";
import { type BranchEngine, reseedSchema } from "../model/branch.ts";
import type { JsonValue } from "../model/json.ts";
import { limitNames, type Limits } from "../model/limits.ts";
import type { RolloutSummary, Seat, SeatPolicy } from "../model/rollout.ts";
import { type ActionList, type SourcePath, type SourceText, seatPolicy } from "../rollout/policy-input.ts";
import type { PolicyFunction, PolicyFunctions } from "../rollout/policy-function.ts";
import type { BackendChoice } from "../rollout/rollout-host.ts";
import { actionsTaken, type ParentChoice, type RecordedParent, restOfActions } from "./recorded-parent.ts";

/** What plays from a branch on. */
export type BranchPolicy = string | SourcePath | SourceText | ActionList | PolicyFunction;

/** Which recorded rollout is branched, where, and how its branches continue. */
export interface BranchRunConfig extends ParentChoice {
  /** How many branches. @default as many as there are in `reseed`, else 1 */
  readonly count?: number;
  /** One integer for each branch: what its state is re-keyed by. @default none: the state is taken as it is */
  readonly reseed?: readonly number[];
  /**
   * What picks the actions from the branch on, where there is one seat. A policy from source starts fresh; `random` goes on
   * with the parent's sampler. @default what did so in the parent; of a list, and of what a caller answered, the rest
   */
  readonly policy?: BranchPolicy;
  /** The same as `policy: { actions }`. */
  readonly actions?: readonly JsonValue[];
  /** The policies of several seats, by seat; a seat that is left out keeps its own. */
  readonly seats?: Readonly<Record<string, BranchPolicy>>;
  /**
   * How the state of the branches comes about. `fork`: it is brought about once and copied in memory; not where a policy from source
   * sits, nor where it cannot be copied. `replay`: each branch plays the steps before it again. Both give the same bytes.
   * @default `fork` where there are several branches and the state can be copied, else `replay`
   */
  readonly engine?: BranchEngine;
  /** The folder of the branches. @default `runs/branches-<time>-<4 hex digits>` */
  readonly out?: string;
  /** Runs only branches that `out` does not have yet. @default false */
  readonly resume?: boolean;
  /** Branches at the same time. @default twice the processors */
  readonly concurrency?: number;
  /** @default the backend of the parent */
  readonly backend?: BackendChoice;
  /** What each sandbox may use, the steps before the branch included. @default the parent's */
  readonly limits?: Partial<Limits>;
  /** How long a function may take for one action, in milliseconds. @default 600000 */
  readonly idleMs?: number;
  readonly signal?: AbortSignal;
  /** Called when the parent was checked, before the first branch. */
  readonly onOpen?: (run: OpenBranchRun) => void;
  /** Called with each branch when it is recorded, or failed. */
  readonly onBranch?: (branch: SettledBranch) => void;
}

/** A run of branches that is being recorded. */
export interface OpenBranchRun {
  readonly runId: string;
  readonly dir: string;
  /** Branches the folder held already. */
  readonly recorded: number;
  /** Branches of the whole run. */
  readonly total: number;
}

/** One branch: its row, or why there is none. */
export type SettledBranch =
  | {
      readonly status: "fulfilled";
      readonly number: number;
      readonly reseed: number | null;
      readonly rollout: RolloutSummary;
    }
  | {
      readonly status: "rejected";
      readonly number: number;
      readonly reseed: number | null;
      readonly error: SameseedError;
    };

const optionNames: NamesOf<BranchRunConfig> = {
  seed: true,
  branch: true,
  step: true,
  count: true,
  reseed: true,
  policy: true,
  actions: true,
  seats: true,
  engine: true,
  out: true,
  resume: true,
  concurrency: true,
  backend: true,
  limits: limitNames,
  idleMs: true,
  signal: true,
  onOpen: true,
  onBranch: true,
};

/** The most branches of one run. */
const branchesMost = 1_000_000;

const countsSchema = z.object({
  step: z.int().min(0),
  branch: z.int().min(0).optional(),
  count: z.int().min(1).max(branchesMost).optional(),
  reseed: z.array(reseedSchema).min(1).max(branchesMost).optional(),
  engine: z.enum(["fork", "replay"]).optional(),
});

/**
 * Checks a configuration, and says what each branch is re-keyed by.
 * @throws `bad_argument`
 */
export function reseedsOf(config: BranchRunConfig): readonly (number | null)[] {
  refuseUnknownOptions(config, optionNames, "branchRun");
  const parsed = countsSchema.safeParse(config);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SameseedError("bad_argument", `${issue.path.join(".") || "the branches"}: ${issue.message}`);
  }
  const { count, reseed } = parsed.data;
  if (reseed === undefined) return Array.from({ length: count ?? 1 }, () => null);
  if (count !== undefined && count !== reseed.length)
    throw new SameseedError(
      "bad_argument",
      `${count} branches cannot be re-keyed by ${reseed.length} integers`,
      {
        hint: "leave out the count, or give one integer for each branch",
      },
    );
  return reseed;
}

/** Who sits where from the branch on, with the functions that answer for callers. */
export interface BranchSeats {
  readonly seats: readonly Seat[];
  readonly functions: PolicyFunctions;
}

/**
 * Who goes on at the branch: what is asked for, and for every other seat what sat there.
 * @throws `bad_argument`, `bad_policy`
 */
export function seatsAtBranch(parent: RecordedParent, config: BranchRunConfig): BranchSeats {
  const { environment } = parent.manifest.spec;
  const rules = environment.kind === "builtin" ? builtinGame(environment.id) : undefined;
  const names = ["random", ...(rules?.policies ?? [])];
  const asked = askedSeats(parent.manifest.spec.seats, config);
  const functions: Record<string, PolicyFunction> = {};
  const seats = parent.manifest.spec.seats.map(({ seat, policy }): Seat => {
    const input = asked[seat];
    if (input === undefined) return { seat, policy: goingOn(parent, seat, policy) };
    if (typeof input === "function") functions[seat] = input;
    return { seat, policy: seatPolicy(input, { names, actions: true, functions: true }) };
  });
  return { seats, functions };
}

function askedSeats(
  seats: readonly Seat[],
  { policy, actions, seats: bySeat = {} }: BranchRunConfig,
): Readonly<Record<string, BranchPolicy>> {
  if (policy !== undefined && actions !== undefined)
    throw new SameseedError("bad_argument", "a policy and actions cannot be given together");
  const stranger = Object.keys(bySeat).find((name) => !seats.some(({ seat }) => seat === name));
  if (stranger !== undefined)
    throw new SameseedError("bad_argument", `the rollout has no seat named ${stranger}`, {
      hint: `its seats are ${seats.map(({ seat }) => seat).join(", ")}`,
    });
  const only = policy ?? (actions === undefined ? undefined : { actions });
  if (only === undefined) return bySeat;
  if (seats.length === 1) return { [seats[0]!.seat]: only };
  throw new SameseedError("bad_argument", "the rollout has several seats, and one policy was given", {
    hint: `say whose it is: ${seats.map(({ seat }) => seat).join(", ")}`,
  });
}

function goingOn(parent: RecordedParent, seat: string, policy: SeatPolicy): SeatPolicy {
  if (policy.kind === "actions")
    return { kind: "actions", actions: policy.actions.slice(actionsTaken(parent, seat)) };
  if (policy.kind === "caller") return { kind: "actions", actions: restOfActions(parent, seat) };
  return policy;
}
