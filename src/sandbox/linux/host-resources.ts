import type { ChildProcess } from "node:child_process";
import { release } from "node:os";

import { SameseedError } from "../../base/error.ts";
import { findBubblewrap, type Bubblewrap } from "../../image/find-bubblewrap.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { compileFilter, encodeFilter, hostArchitecture, type Architecture } from "../seccomp/compile.ts";
import { sandboxPolicy, slotPolicy, type HostIdKind } from "../seccomp/policy.ts";
import { sealedSandboxPolicy } from "../seccomp/sealed.ts";
import { trunkPolicy } from "../seccomp/trunk.ts";
import { CgroupArea } from "./cgroups.ts";
import { HostIds } from "./host-ids.ts";
import { startJanitor } from "./janitor.ts";
import { numericClass } from "./numeric-class.ts";
import { canListChildren } from "./processes.ts";

/** The seccomp programs of a wall. */
export interface Filters {
  readonly slot: Buffer;
  readonly sandbox: Buffer;
  /** Of a sandbox that may be copied. */
  readonly trunk: Buffer;
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
 */
export function wallFilters(architecture: Architecture, world: WorldMode, ids: HostIdKind): Filters {
  const key = `${architecture} ${world} ${ids}`;
  let filters = madeFilters.get(key);
  if (filters === undefined) {
    const policy = world === "sealed" ? sealedSandboxPolicy(ids) : sandboxPolicy(ids);
    const slot = encodeFilter(compileFilter(slotPolicy(), architecture));
    const sandbox = encodeFilter(compileFilter(policy, architecture));
    const trunk = encodeFilter(compileFilter(trunkPolicy(policy, world), architecture));
    filters = { slot, sandbox, trunk };
    madeFilters.set(key, filters);
  }
  return filters;
}

/** One process's control groups and their janitor, shared by all its pools: made with the first, removed with the last. */
let shared:
  | { users: number; readonly area: CgroupArea | undefined; readonly janitor: ChildProcess | undefined }
  | undefined;

/**
 * Finds what a wall needs on this host.
 * @throws `wall_unavailable` on other systems and architectures, `tool_missing` without bubblewrap
 */
export async function acquireHostResources(): Promise<HostResources> {
  const architecture = hostArchitecture();
  if (process.platform !== "linux" || architecture === undefined) {
    throw new SameseedError(
      "wall_unavailable",
      `sandboxes need Linux on x86-64 or arm64; this is ${process.platform} on ${process.arch}`,
      {
        hint: "run Sameseed in a Linux virtual machine, or in WSL 2 on Windows",
      },
    );
  }
  const bubblewrap = await findBubblewrap();
  if (bubblewrap === undefined) {
    throw new SameseedError("tool_missing", "bubblewrap is not installed", {
      hint: "`sameseed setup` installs it, or: apt-get install bubblewrap",
    });
  }
  return {
    architecture,
    kernel: release(),
    bubblewrap,
    numericClass: numericClass(),
    ids: new HostIds(),
    cgroups: acquireCgroups(),
  };
}

function acquireCgroups(): CgroupArea | undefined {
  if (shared === undefined) {
    const area = canListChildren() ? CgroupArea.open() : undefined;
    const usable = area instanceof CgroupArea ? area : undefined;
    shared = {
      users: 0,
      area: usable,
      janitor: usable === undefined ? undefined : startJanitor(usable.folders),
    };
  }
  shared.users++;
  return shared.area;
}

/** Gives back what {@link acquireHostResources} took; the last one removes the control groups. */
export function releaseHostResources(): void {
  if (shared === undefined || --shared.users > 0) return;
  shared.area?.remove();
  // What is still busy is the janitor's: its pipe ends here.
  shared.janitor?.stdin?.end();
  shared = undefined;
}
