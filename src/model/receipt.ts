import type { BranchEngine } from "./branch.ts";
import type { Limits } from "./limits.ts";

/** What was enforced for a rollout. It is part of every result. */
export interface Receipt {
  /** Which backend started the sandboxes. */
  readonly backend: "zygote" | "cold";
  /** The wall around every sandbox of the rollout. */
  readonly wall: Wall;
  /** The limits as they were set. */
  readonly limits: Limits;
  /** What enforced memory and process limits: a control group, or per-process limits alone. */
  readonly enforcedBy: "cgroup-v2" | "cgroup-v1" | "rlimits";
  /** Which world the program saw. */
  readonly world: World;
  /** The image's name when the rollout was started, and the digest of what it held. */
  readonly image: { readonly name: string; readonly digest: string };
  /** The reach of the reproducibility claim. */
  readonly tier: Tier;
  /** Where a prepared start was asked for: whether it was one. */
  readonly start?: StartReceipt;
  /** How the state of a branch came about. */
  readonly engine?: BranchEngine;
  /** The class of host. */
  readonly host: { readonly kernel: string; readonly architecture: string };
}

/**
 * Where the same bytes are promised. `T1`: on the same host, with the same image. `T2`: on every x86-64-v3 host whose
 * numeric results are the expected ones. `T3`: on every architecture; no result claims it. `none`: nowhere, because child
 * processes or threads ran beside the program and real time may have had a part in what it shows.
 */
export type Tier = "none" | "T1" | "T2" | "T3";

/** How a rollout started for which a prepared start was asked. */
export type StartReceipt =
  /** It was copied from after the environment's constructor. */
  | { readonly prepared: true }
  /** It started as usual, and why. */
  | { readonly prepared: false; readonly reason: string };

/** The wall around a sandbox. */
export interface Wall {
  /** The kernel namespaces that are the sandbox's own. */
  readonly namespaces: readonly string[];
  /** SHA-256 over both seccomp programs. */
  readonly seccomp: string;
  /** `none`: an empty network namespace, and no way to make a socket that leaves it. */
  readonly network: "none";
  readonly user: WallUser;
  /** The outer wall's program and version. */
  readonly outer: string;
}

/** The ids a sandbox runs under. */
export interface WallUser {
  /** The numeric id on the host; where each slot has its own, the first of the range these are from. */
  readonly host: number;
  /** The numeric id inside. */
  readonly inside: number;
  /**
   * `own`: no other sandbox on this host that runs at the same time has its id, so that nothing the kernel counts by user is
   * shared. `shared`: all of this user's have it. Recordings made before this was told do not have it.
   */
  readonly ids?: "own" | "shared";
}

/**
 * Which world programs see. `sealed`: clock, waits, entropy, file order and names follow from the seed and from what the
 * program does. `host`: the clock and the kernel's entropy are the host's.
 */
export type WorldMode = "sealed" | "host";

/** The clock of a sealed world. It advances with what the program does, never with real time. */
export interface WorldClock {
  /** The date it starts at, in ISO 8601. */
  readonly epoch: string;
  /** What each read adds, in ns. */
  readonly tickNs: number;
  /** At step k it shows at least k times this, in ns. */
  readonly stepNs: number;
}

/** What the program could observe besides its inputs. */
export interface World {
  /** What the zygote reported about itself, not what was requested. */
  readonly mode: WorldMode;
  /** Whether address space randomisation was off. */
  readonly addressesFixed: boolean;
  /** Python's hash seed. */
  readonly hashSeed: number;
  /** The numeric class that numpy and OpenBLAS were set to, or `native`. */
  readonly numericClass: string;
  /** The sealed world's clock. */
  readonly clock?: WorldClock;
  /** SHA-256 over the digests of some 70 numeric results, made when the zygote started; only in a sealed world. */
  readonly fingerprint?: string;
  /** Guarantees of the sealed world that did not hold, such as `addresses` or `vdso`; `docs/guide/sealed-world.md` lists all. */
  readonly notHeld: readonly string[];
}

/** From the least to the most. */
const tiers: readonly Tier[] = ["none", "T1", "T2", "T3"];

/** What all of several rollouts claim: what did not hold in one of them holds in none. */
export function lowestTier(claimed: readonly Tier[]): Tier {
  return tiers.find((tier) => claimed.includes(tier)) ?? "none";
}
