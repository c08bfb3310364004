import type { Limits } from "./limits.ts";

/** What was really enforced for a rollout; part of every result, never a promise. */
export interface Receipt {
  /** Which backend started the sandboxes. */
  readonly backend: "zygote" | "cold";
  /** What every sandbox of the rollout was walled by. */
  readonly wall: Wall;
  /** The limits as they were set. */
  readonly limits: Limits;
  /** What enforced memory and process limits: a control group, or per-process limits alone. */
  readonly enforcedBy: "cgroup-v2" | "cgroup-v1" | "rlimits";
  /** Which world the program saw. */
  readonly world: World;
  /** The image's name when the rollout was started, and the digest of what it held. */
  readonly image: { readonly name: string; readonly digest: string };
  /** The reach of the reproducibility claim: the same host and image. */
  readonly tier: "T1";
  /** The class of host. */
  readonly host: { readonly kernel: string; readonly architecture: string };
}

/** The walls around a sandbox. */
export interface Wall {
  /** The kernel namespaces that are the sandbox's own. */
  readonly namespaces: readonly string[];
  /** SHA-256 over both seccomp programs. */
  readonly seccomp: string;
  /** `none`: an empty network namespace, and no way to make a socket that leaves it. */
  readonly network: "none";
  /** The numeric user id on the host, and the id inside. */
  readonly user: { readonly host: number; readonly inside: number };
  /** The outer wall's program and version. */
  readonly outer: string;
}

/** What the program could observe besides its inputs. */
export interface World {
  /** `host`: the clock and kernel entropy are the host's. */
  readonly mode: "host";
  /** Whether address space randomisation was off. */
  readonly addressesFixed: boolean;
  /** Python's hash seed. */
  readonly hashSeed: number;
  /** The numeric class that was asked of numpy and OpenBLAS, or `native`. */
  readonly numericClass: string;
}
