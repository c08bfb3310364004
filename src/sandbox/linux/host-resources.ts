import { release } from "node:os";

import { SameseedError } from "../../base/error.ts";
import { requireLinux } from "../../base/require-linux.ts";
import { bubblewrapNeeded, findBubblewrap, type Bubblewrap } from "../../image/find-bubblewrap.ts";
import type { NetworkMode } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { compileFilter, encodeFilter, hostArchitecture, type Architecture } from "../seccomp/compile.ts";
import { loopbackSlotPolicy, withLoopback, withoutNetwork } from "../seccomp/loopback.ts";
import { sandboxPolicy, slotPolicy, type FilterPolicy, type HostIdKind } from "../seccomp/policy.ts";
import { sealedSandboxPolicy } from "../seccomp/sealed.ts";
import { branchPolicy, treeSlotPolicy, trunkPolicy } from "../seccomp/trunk.ts";
import type { CgroupArea } from "./cgroups.ts";
import { HostIds } from "./host-ids.ts";
import { numericClass } from "./numeric-class.ts";
import { openGroups, type OpenGroups } from "./open-groups.ts";

/** The seccomp programs of a wall. */
export interface Filters {
  readonly slot: Buffer;
  readonly sandbox: Buffer;
  /** Of the slot of a tree. */
  readonly treeSlot: Buffer;
  /** Of a sandbox that may be copied. */
  readonly trunk: Buffer;
  /** Of what goes on from a copy. */
  readonly branch: Buffer;
  /** Of a sandbox with a network of its own. */
  readonly loopback: Buffer;
}

/** What every zygote of this process shares. */
export interface HostResources {
  readonly architecture: Architecture;
  readonly kernel: string;
  readonly bubblewrap: Bubblewrap;
  readonly numericClass: string;
  readonly ids: HostIds;
  readonly cgroups: CgroupArea | undefined;
}

const madeFilters: Map<string, Filters> = new Map();

/**
 * The filters for an architecture; made once.
 * @param world whose sandboxes they are for
 * @param ids what these run as on the host
 * @param network whether some of them have one of their own. @default "none"
 */
export function wallFilters(
  architecture: Architecture,
  world: WorldMode,
  ids: HostIdKind,
  network: NetworkMode = "none",
): Filters {
  const key = `${architecture} ${world} ${ids} ${network}`;
  let filters = madeFilters.get(key);
  if (filters === undefined) {
    const policy = world === "sealed" ? sealedSandboxPolicy(ids) : sandboxPolicy(ids);
    const encode = (each: FilterPolicy): Buffer => encodeFilter(compileFilter(each, architecture));
    filters = {
      slot: encode(network === "none" ? slotPolicy() : loopbackSlotPolicy()),
      sandbox: encode(network === "none" ? policy : withoutNetwork(policy)),
      treeSlot: encode(treeSlotPolicy(ids)),
      trunk: encode(trunkPolicy(policy, ids)),
      branch: encode(branchPolicy(policy)),
      loopback: encode(withLoopback(policy, world)),
    };
    madeFilters.set(key, filters);
  }
  return filters;
}

/** One process's control groups and their janitor, shared by all its pools: made with the first, removed with the last. */
interface SharedGroups {
  users: number;
  /** Undefined in the end where there are none. */
  readonly opening: Promise<OpenGroups | undefined>;
}
let shared: SharedGroups | undefined;

/**
 * Finds what a wall needs on this host.
 * @throws `wall_unavailable` on other systems and architectures, `tool_missing` without bubblewrap
 */
export async function acquireHostResources(): Promise<HostResources> {
  requireLinux();
  const architecture = hostArchitecture();
  if (architecture === undefined) {
    throw new SameseedError("wall_unavailable", `sandboxes need x86-64 or arm64; this is ${process.arch}`, {
      hint: "run Sameseed on a host of one of these, or in a virtual machine that is one",
    });
  }
  const bubblewrap = await findBubblewrap();
  if (bubblewrap === undefined) {
    throw new SameseedError("tool_missing", `bubblewrap ${bubblewrapNeeded} or newer is not installed`, {
      hint: "`sameseed setup` installs it, or: apt-get install bubblewrap",
    });
  }
  return {
    architecture,
    kernel: release(),
    bubblewrap,
    numericClass: numericClass(),
    ids: new HostIds(),
    cgroups: await acquireCgroups(),
  };
}

async function acquireCgroups(): Promise<CgroupArea | undefined> {
  shared ??= { users: 0, opening: openGroups().then((groups) => ("area" in groups ? groups : undefined)) };
  shared.users++;
  return (await shared.opening)?.area;
}

/** Gives back what {@link acquireHostResources} took; the last one removes the control groups. */
export async function releaseHostResources(): Promise<void> {
  if (shared === undefined || --shared.users > 0) return;
  const { opening } = shared;
  shared = undefined;
  const groups = await opening;
  groups?.area.remove();
  // What is still busy is the janitor's: its pipe ends here.
  groups?.janitor.stdin?.end();
}
