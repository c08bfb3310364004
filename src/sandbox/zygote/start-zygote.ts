import { checkBeforeUse } from "../../image/check-image.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { BackendReceipt } from "../contract.ts";
import type { Filters, HostResources } from "../linux/host-resources.ts";
import { zygoteEnvironment } from "./bubblewrap-arguments.ts";
import type { WireReady } from "./wire.ts";
import { describeWorld, requireWorld } from "./world-receipt.ts";
import { ZygoteProcess } from "./zygote-process.ts";

/** Pins of a zygote that an audit sets otherwise; nothing else does. */
export interface ZygotePins {
  /** Variables of its environment: they take the place of those of the same name. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Leaves addresses to the kernel's choice. @default false */
  readonly freeAddresses?: boolean;
}

/** How a zygote is started. */
export interface ZygoteStartOptions {
  /** The world it and everything that comes of it sees. @default "host" */
  readonly world?: WorldMode;
  readonly allowBare?: boolean;
  readonly pins?: ZygotePins;
  readonly signal?: AbortSignal;
}

/**
 * Starts a zygote of an image with what this host has.
 * @throws `image_damaged`; `world_unavailable` where it is not in the world that was asked for; `wall_unavailable`, `zygote_failed`
 */
export async function startZygote(
  image: ResolvedImage,
  resources: HostResources,
  slots: number,
  options: ZygoteStartOptions = {},
): Promise<ZygoteProcess> {
  const world = options.world ?? "host";
  const damaged = new AbortController();
  const { signal = damaged.signal } = options;
  const starting = ZygoteProcess.start(
    {
      bubblewrap: resources.bubblewrap.path,
      rootfs: image.rootfs,
      world,
      environment: {
        ...zygoteEnvironment(resources.numericClass, world),
        ...options.pins?.environment,
        ...(options.pins?.freeAddresses === true ? { SAMESEED_FREE_ADDRESSES: "1" } : {}),
      },
      slots,
      filters: filtersOf(resources, world),
      user: resources.user,
      cgroups: resources.cgroups,
      allowBare: options.allowBare ?? false,
    },
    AbortSignal.any([signal, damaged.signal]),
  );
  try {
    // The interpreter takes some 100 ms to come up; nothing is asked of it before its tree was looked at.
    checkBeforeUse(image);
  } catch (error) {
    damaged.abort();
    await starting.then((zygote) => zygote.close()).catch(() => {});
    throw error;
  }
  const zygote = await starting;
  try {
    requireWorld(world, image.name, zygote.ready);
  } catch (error) {
    await zygote.close();
    throw error;
  }
  return zygote;
}

function filtersOf(resources: HostResources, world: WorldMode): Filters {
  return world === "sealed" ? resources.sealedFilters : resources.filters;
}

/** What is enforced for every sandbox that comes of a zygote. */
export function receiptOf(
  backend: "zygote" | "cold",
  image: ResolvedImage,
  resources: HostResources,
  ready: WireReady,
): BackendReceipt {
  const world = describeWorld(resources.numericClass, ready);
  return {
    backend,
    wall: {
      namespaces: ["user", "pid", "mount", "ipc", "uts", "network"],
      seccomp: filtersOf(resources, world.world.mode).digest,
      network: "none",
      user: { host: resources.user ?? process.getuid!(), inside: 1000 },
      outer: `bubblewrap ${resources.bubblewrap.version}`,
    },
    enforcedBy: resources.cgroups?.version ?? "rlimits",
    ...world,
    image: { name: image.name, digest: `sha256:${image.manifest.digest}` },
    host: { kernel: resources.kernel, architecture: resources.architecture },
  };
}
