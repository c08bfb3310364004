import { dirname } from "node:path";

import { isSameseedError, SameseedError } from "../../base/error.ts";
import { checkBeforeUse } from "../../image/check-image.ts";
import { howToBuildAgain, type ResolvedImage } from "../../image/image-store.ts";
import type { NetworkMode } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { BackendReceipt } from "../contract.ts";
import { wallFilters, type HostResources } from "../linux/host-resources.ts";
import { uncountedSockets } from "../linux/socket-memory.ts";
import { zygoteEnvironment } from "./bubblewrap-arguments.ts";
import type { ZygoteOptions } from "./spawn-zygote.ts";
import { spellNumpyFeatures } from "./numpy-features.ts";
import { withPreloaded } from "./preloaded.ts";
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
  /** Whether sandboxes of it may have a network of their own. @default "none" */
  readonly network?: NetworkMode;
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
  const { world = "host", network = "none" } = options;
  if (network !== "none") requireCounted(resources);
  const damaged = new AbortController();
  const { signal = damaged.signal } = options;
  const starting = startWithIds(
    {
      bubblewrap: resources.bubblewrap.path,
      rootfs: image.rootfs,
      world,
      environment: environmentOf(image, resources.numericClass, world, options.pins),
      slots,
      cgroups: resources.cgroups,
      allowBare: options.allowBare ?? false,
      tree: options.tree ?? false,
      network,
    },
    resources,
    { world, network },
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
    if (network !== "none") requireBounded(image, zygote.ready);
    requireWorld(world, image.name, zygote.ready);
  } catch (error) {
    await zygote.close();
    throw error;
  }
  return zygote;
}

function environmentOf(
  { rootfs, manifest }: ResolvedImage,
  numericClass: string,
  world: WorldMode,
  pins: ZygotePins = {},
): Readonly<Record<string, string>> {
  // What the world pins goes before what an image says.
  const pinned = { ...manifest.env, ...zygoteEnvironment(numericClass, world), ...pins.environment };
  const free = pins.freeAddresses === true ? { SAMESEED_FREE_ADDRESSES: "1" } : {};
  const preloaded = withPreloaded(rootfs, world, { ...pinned, ...free }, manifest.env ?? {});
  return spellNumpyFeatures(preloaded, manifest.packages["numpy"]);
}

/**
 * Refuses a network where nothing counts the memory of its sockets: the kernel has one pool of it for the whole machine.
 * @throws `wall_unavailable`
 */
function requireCounted({ cgroups }: HostResources): void {
  const reason = cgroups === undefined ? undefined : uncountedSockets(cgroups);
  if (cgroups !== undefined && reason === undefined) return;
  throw new SameseedError(
    "wall_unavailable",
    `a sandbox with a loopback network needs control groups${reason === undefined ? "" : " that count sockets"}: nothing else limits the memory of its sockets`,
    {
      hint:
        reason?.fix ??
        "run it as `systemd-run --user --scope -p Delegate=yes …`, or as root; `sameseed doctor` says what is missing",
      ...(reason === undefined ? {} : { context: { reason: reason.detail } }),
    },
  );
}

/**
 * Refuses an image whose sandboxes would leave the queues of their network as large as the kernel makes them.
 * @throws `image_outdated`
 */
export function requireBounded(image: ResolvedImage, { report }: Pick<WireReady, "report">): void {
  if (report.loopback === "bounded") return;
  throw outdated(image, "whose sandboxes do not limit what a network of their own holds", {});
}

/**
 * Refuses an image whose zygote speaks another protocol than this host: its sandboxes would misread every job.
 * @throws `image_outdated`
 */
function requireProtocol(image: ResolvedImage, { report }: WireReady): void {
  if (report.protocol === protocol) return;
  const context = { protocol: report.protocol, expected: protocol };
  throw outdated(image, "whose sandboxes do not understand this one", context);
}

function outdated(
  { name, manifest, rootfs }: ResolvedImage,
  why: string,
  context: Readonly<Record<string, unknown>>,
): SameseedError {
  const called = name === manifest.digest ? name.slice(0, 12) : name;
  return new SameseedError(
    "image_outdated",
    `the image ${called} was built by another version of Sameseed, ${why}`,
    {
      hint: howToBuildAgain(manifest.digest, dirname(dirname(rootfs))),
      context: { image: manifest.digest, ...context },
    },
  );
}

/** With ids of its own where the host gives some; where it turns out that it does not, with one for all. */
async function startWithIds(
  options: Omit<ZygoteOptions, "ids" | "filters">,
  resources: HostResources,
  place: { readonly world: WorldMode; readonly network: NetworkMode },
  signal: AbortSignal | undefined,
): Promise<ZygoteProcess> {
  const { ids: host, architecture } = resources;
  const { world, network } = place;
  const ids = await host.take();
  const filters = wallFilters(architecture, world, ids.map === undefined ? "shared" : "own", network);
  try {
    const zygote = await ZygoteProcess.start({ ...options, ids, filters }, signal);
    host.confirm();
    return zygote;
  } catch (error) {
    ids.release();
    const isRefused = isSameseedError(error) && error.code === "wall_unavailable";
    if (ids.map === undefined || !isRefused || !host.giveUp()) throw error;
    return await startWithIds(options, resources, place, signal);
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
