import { dirname } from "node:path";

import { isSameseedError, SameseedError } from "../../base/error.ts";
import { checkBeforeUse } from "../../image/check-image.ts";
import { howToBuildAgain, type ResolvedImage } from "../../image/image-store.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { BackendReceipt } from "../contract.ts";
import { wallFilters, type HostResources } from "../linux/host-resources.ts";
import { zygoteEnvironment } from "./bubblewrap-arguments.ts";
import type { ZygoteOptions } from "./spawn-zygote.ts";
import { spellNumpyFeatures } from "./numpy-features.ts";
import { describeWorld, requireWorld } from "./world-receipt.ts";
import { protocol, type WireReady } from "./wire.ts";
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
  /** The zygote of a tree. @default false */
  readonly tree?: boolean;
  readonly pins?: ZygotePins;
  readonly signal?: AbortSignal;
}

/**
 * Starts a zygote of an image with what this host has.
 * @throws `image_damaged`, `image_outdated`; `world_unavailable` where it is not in the world that was asked for; `wall_unavailable`, `zygote_failed`
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
  const starting = startWithIds(
    {
      bubblewrap: resources.bubblewrap.path,
      rootfs: image.rootfs,
      world,
      environment: spellNumpyFeatures(
        {
          // What the world pins goes before what an image says.
          ...image.manifest.env,
          ...zygoteEnvironment(resources.numericClass, world),
          ...options.pins?.environment,
          ...(options.pins?.freeAddresses === true ? { SAMESEED_FREE_ADDRESSES: "1" } : {}),
        },
        image.manifest.packages["numpy"],
      ),
      slots,
      cgroups: resources.cgroups,
      allowBare: options.allowBare ?? false,
      tree: options.tree ?? false,
    },
    resources,
    world,
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
    requireProtocol(image, zygote.ready);
    requireWorld(world, image.name, zygote.ready);
  } catch (error) {
    await zygote.close();
    throw error;
  }
  return zygote;
}

/**
 * Refuses an image whose zygote speaks another protocol than this host: its sandboxes would misread every job.
 * @throws `image_outdated`
 */
function requireProtocol(image: ResolvedImage, { report }: WireReady): void {
  if (report.protocol === protocol) return;
  const { name, manifest, rootfs } = image;
  throw new SameseedError(
    "image_outdated",
    `the image ${name === manifest.digest ? name.slice(0, 12) : name} was built by another version of Sameseed, whose sandboxes do not understand this one`,
    {
      hint: howToBuildAgain(manifest.digest, dirname(dirname(rootfs))),
      context: { image: manifest.digest, protocol: report.protocol, expected: protocol },
    },
  );
}

/** With ids of its own where the host gives some; where it turns out that it does not, with one for all. */
async function startWithIds(
  options: Omit<ZygoteOptions, "ids" | "filters">,
  resources: HostResources,
  world: WorldMode,
  signal: AbortSignal | undefined,
): Promise<ZygoteProcess> {
  const { ids: host, architecture } = resources;
  const ids = await host.take();
  const filters = wallFilters(architecture, world, ids.map === undefined ? "shared" : "own");
  try {
    const zygote = await ZygoteProcess.start({ ...options, ids, filters }, signal);
    host.confirm();
    return zygote;
  } catch (error) {
    ids.release();
    const isRefused = isSameseedError(error) && error.code === "wall_unavailable";
    if (ids.map === undefined || !isRefused || !host.giveUp()) throw error;
    return await startWithIds(options, resources, world, signal);
  }
}

/** What is enforced for every sandbox that comes of a zygote. */
export function receiptOf(
  backend: "zygote" | "cold",
  image: ResolvedImage,
  resources: HostResources,
  zygote: ZygoteProcess,
): BackendReceipt {
  const { ready } = zygote;
  const world = describeWorld(resources.numericClass, ready);
  const user = resources.ids.receipt(zygote.hasOwnIds);
  return {
    backend,
    wall: {
      namespaces: ["user", "pid", "mount", "ipc", "uts", "network"],
      seccomp: zygote.filtersDigest,
      network: "none",
      user: { ...user, inside: 1000 },
      outer: `bubblewrap ${resources.bubblewrap.version}`,
    },
    enforcedBy: resources.cgroups?.version ?? "rlimits",
    ...world,
    image: { name: image.name, digest: `sha256:${image.manifest.digest}` },
    host: { kernel: resources.kernel, architecture: resources.architecture },
  };
}
