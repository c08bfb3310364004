import type { JsonObject, JsonValue } from "./json.ts";
import type { BranchLineage, BranchSpec } from "./branch.ts";
import type { Limits } from "./limits.ts";
import type { Outcome, RolloutFault } from "./outcome.ts";
import type { Receipt } from "./receipt.ts";
import type { RewardSum } from "./reward-sum.ts";

/** Where an environment comes from. */
export type EnvironmentRef =
  | {
      readonly kind: "gymnasium";
      /** A Gymnasium id such as `CartPole-v1` or `module:Id-v0`. */ readonly id: string;
    }
  | {
      readonly kind: "file";
      /** The file's own name, such as `my_env.py`; it is copied into the sandbox under this name. */
      readonly name: string;
      /** The class the file defines. */
      readonly className: string;
      /** The file's text. */
      readonly source: string;
    }
  | {
      readonly kind: "builtin";
      /** The name of an environment that comes with Sameseed: a file of `python/envs`. */ readonly id: string;
    }
  | {
      readonly kind: "pettingzoo";
      /** An environment of PettingZoo's classic family, such as `chess_v6`. */ readonly id: string;
    }
  | {
      readonly kind: "parallel";
      /** A module with PettingZoo's `parallel_env()`, such as `mpe2.simple_spread_v3`, or the name of one of PettingZoo's own. */
      readonly id: string;
    };

/** A file that lies beside the environment's, or beside a policy's. */
export interface SpecFile {
  /** Relative to the folder it lies in, with `/` between its parts. */
  readonly path: string;
  /** Its bytes in base64. */
  readonly data: string;
}

/** One seat of a rollout. */
export interface Seat {
  /** `agent` where there is one; else as the environment names them, or `1`, `2`, … in the order of PettingZoo's agents. */
  readonly seat: string;
  readonly policy: SeatPolicy;
}

/** What chooses a seat's actions. */
export type SeatPolicy =
  | {
      readonly kind: "builtin";
      /** `random`, or a policy that comes with a built-in environment. */ readonly name: string;
    }
  | {
      readonly kind: "source";
      /** A name for messages; ends in `.py`. */ readonly name: string;
      /** Python text that defines `act(observation, rng, info)` or `choose_action(board, player, rng)`. */
      readonly source: string;
      /** What lies beside it; absent if nothing does. */
      readonly files?: readonly SpecFile[];
    }
  | {
      readonly kind: "actions";
      /** The actions of this seat, in order; the rollout is truncated where they run out. */
      readonly actions: readonly JsonValue[];
    }
  /** Nobody: forfeits with `no_policy`. */
  | { readonly kind: "none" }
  /** Whoever runs the rollout: it is asked for each action. The actions are in the recording alone. */
  | { readonly kind: "caller" };

/** The time a policy from source has, in milliseconds. */
export interface GameClocks {
  /** CPU time of one move; loading counts as one. */
  readonly moveCpuMs: number;
  /** CPU time of all its moves in one game, with everything it starts. */
  readonly bankCpuMs: number;
  /** Wall time of one move: a backstop for a policy that waits without computing. */
  readonly moveWallMs: number;
}

/**
 * Everything that determines a rollout's bytes, besides image and world. Limits are not part of it:
 * they decide whether the rollout completes.
 */
export interface RolloutSpec {
  readonly environment: EnvironmentRef;
  /** What lies beside the environment, in the folder it is imported and run in; absent if nothing does. */
  readonly files?: readonly SpecFile[];
  /** Keyword arguments for the environment's constructor. */
  readonly envArgs: JsonObject;
  /** 0 to 2^53 - 1. */
  readonly seed: number;
  /** The seats and their policies, in the environment's order. */
  readonly seats: readonly Seat[];
  /** `keep`: a policy's process lives through one rollout. `restart`: a fresh one for each move. */
  readonly mode: "keep" | "restart";
  /** The time a policy from source has; null if only the limits of its sandbox count. */
  readonly clocks: GameClocks | null;
  /** Truncate after this many steps; null leaves it to the environment. */
  readonly maxSteps: number | null;
  /** Dotted paths of `info` keys that are recorded beside the chain instead of in it, such as `episode.t`. */
  readonly volatileInfo: readonly string[];
}

/** The seat of an environment that has one. */
export const onlySeat = "agent";

/** A spec for many seeds: what a run folder records. */
export type RunSpec = Omit<RolloutSpec, "seed"> & {
  readonly seeds: readonly number[];
  /** What makes it a run of branches; its one seed is then their parent's. */
  readonly branch?: BranchSpec;
};

/** How long the parts of a rollout took, in milliseconds; measured, not part of any digest. */
export interface Timings {
  /** From the call to the sandbox's first byte. */
  readonly startMs: number;
  /** From the first byte to the last. */
  readonly runMs: number;
  /** From the call to the result. */
  readonly totalMs: number;
}

/** One rollout's row: everything but its recorded bytes. */
export interface RolloutSummary {
  readonly seed: number;
  /** Where it comes from, if it is a branch. */
  readonly branch?: BranchLineage;
  readonly outcome: Outcome;
  /**
   * Sum of all rewards in step order, as binary64: a number, or elementwise a list or an object for rewards that are such.
   * Null where they cannot be added; a warning says why.
   */
  readonly totalReward: RewardSum;
  /** Steps taken from the reset on, which is none itself. */
  readonly steps: number;
  /** The trajectory's identity: the last link of its hash chain. */
  readonly digest: string;
  /** The same chain without spec, seed, image and world: equal records, equal content digest. */
  readonly contentDigest: string;
  /**
   * Over actions, observations, rewards, flags, info and end, without the generators' hidden state, which follows from
   * the seed alone, and without what was asked of the world, which another image asks otherwise: different seeds with equal
   * play digests are a sign that the seed is ignored.
   */
  readonly playDigest: string;
  /** What was seeded, in order, such as `env`, `action_space`, `random`, `numpy.random`. */
  readonly seeded: readonly string[];
  /** Notes for a person, such as a space that `reset()` replaced. */
  readonly warnings: readonly string[];
  readonly receipt: Receipt;
  readonly timings: Timings;
  readonly error?: RolloutFault;
}

/** A rollout's row and its recorded bytes. */
export interface RecordedRollout {
  readonly summary: RolloutSummary;
  /** The trajectory blob of format 2 (`docs/trajectory-format.md`). */
  readonly trajectory: Uint8Array;
  /** What each seat with a sandbox of its own used; measured, not recorded. */
  readonly seats: readonly SeatUse[];
}

/** What the sandbox of a seat used in one rollout. */
export interface SeatUse {
  readonly seat: string;
  /** CPU time, in milliseconds. */
  readonly cpuMs: number;
  /** The last of what its policy wrote to standard error. */
  readonly stderr: string;
}

/** Limits and placement. They decide whether a rollout completes, not its bytes. */
export interface RunOptions {
  readonly limits: Limits;
  readonly backend: "zygote" | "cold";
  readonly concurrency: number;
}
