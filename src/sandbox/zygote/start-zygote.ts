import type { ResolvedImage } from "../../image/image-store.ts";
import type { BackendReceipt } from "../contract.ts";
import type { HostResources } from "../linux/host-resources.ts";
import { zygoteEnvironment } from "./bubblewrap-arguments.ts";
import type { WireReady } from "./wire.ts";
import { ZygoteProcess } from "./zygote-process.ts";

/** Starts a zygote of an image with what this host has. */
export async function startZygote(
  image: ResolvedImage,
  resources: HostResources,
  slots: number,
  options: { readonly allowBare?: boolean; readonly signal?: AbortSignal } = {},
): Promise<ZygoteProcess> {
  return await ZygoteProcess.start(
    {
      bubblewrap: resources.bubblewrap.path,
      rootfs: image.rootfs,
      environment: zygoteEnvironment(resources.numericClass),
      slots,
      filters: resources.filters,
      user: resources.user,
      cgroups: resources.cgroups,
      allowBare: options.allowBare ?? false,
    },
    options.signal,
  );
}

/** What is enforced for every sandbox that comes of a zygote. */
export function receiptOf(
  backend: "zygote" | "cold",
  image: ResolvedImage,
  resources: HostResources,
  ready: WireReady,
): BackendReceipt {
  return {
    backend,
    wall: {
      namespaces: ["user", "pid", "mount", "ipc", "uts", "network"],
      seccomp: resources.filters.digest,
      network: "none",
      user: { host: resources.user ?? process.getuid!(), inside: 1000 },
      outer: `bubblewrap ${resources.bubblewrap.version}`,
    },
    enforcedBy: resources.cgroups?.version ?? "rlimits",
    world: {
      mode: "host",
      addressesFixed: ready.addressesFixed,
      hashSeed: 0,
      numericClass: resources.numericClass,
    },
    image: { name: image.name, digest: `sha256:${image.manifest.digest}` },
    tier: "T1",
    host: { kernel: resources.kernel, architecture: resources.architecture },
  };
}
