import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { WorldMode } from "../../../src/model/receipt.ts";
import type {
  BackendReceipt,
  GroupPlan,
  RunningSandbox,
  SandboxBackend,
} from "../../../src/sandbox/contract.ts";
import {
  acquireHostResources,
  releaseHostResources,
  type HostResources,
} from "../../../src/sandbox/linux/host-resources.ts";
import { sharedIds, type ZygoteIds } from "../../../src/sandbox/linux/host-ids.ts";
import { bubblewrapArguments, zygoteEnvironment } from "../../../src/sandbox/zygote/bubblewrap-arguments.ts";
import { SlotPool } from "../../../src/sandbox/zygote/slot-pool.ts";
import { startGroup, watchGroup } from "../../../src/sandbox/zygote/start-group.ts";
import { receiptOf } from "../../../src/sandbox/zygote/start-zygote.ts";
import { ZygoteProcess } from "../../../src/sandbox/zygote/zygote-process.ts";
import type { ImageCopy } from "./image-copy.ts";
import { changeArguments, changedFilters, rootfsWord, type WallChange } from "./wall-change.ts";

const slots = 8;

/** The zygote backend on an image copy, with something taken out of its wall. */
export class MutatedWall implements SandboxBackend {
  readonly name = "zygote";
  readonly zygote: ZygoteProcess;
  /** The program that starts its outer wall. */
  readonly launcher: string;
  /** The id it runs as, where this process is root. */
  readonly user: number | undefined;
  readonly #copy: ImageCopy;
  readonly #resources: HostResources;
  readonly #pool: SlotPool;

  private constructor(copy: ImageCopy, resources: HostResources, zygote: ZygoteProcess, launcher: string) {
    this.#copy = copy;
    this.launcher = launcher;
    this.user = sharedIds().user;
    this.#resources = resources;
    this.zygote = zygote;
    let isUsed = false;
    this.#pool = new SlotPool(async () => {
      if (isUsed) throw new Error("the zygote of this wall is gone");
      isUsed = true;
      return zygote;
    }, slots);
  }

  /** Starts one. Another one of the same copy must have been closed. */
  static async start(copy: ImageCopy, world: WorldMode, change: WallChange = {}): Promise<MutatedWall> {
    await copy.setNative(change.native ?? []);
    const resources = await acquireHostResources();
    const without = new Set(change.without);
    const ids = await takeIds(resources, without);
    try {
      const environment = zygoteEnvironment(resources.numericClass, world);
      const launcher = writeLauncher(copy, resources, { environment, world }, change);
      const zygote = await ZygoteProcess.start({
        bubblewrap: launcher,
        rootfs: copy.image.rootfs,
        environment,
        slots,
        filters: {
          ...changedFilters(change, resources.architecture, world),
          treeSlot: Buffer.alloc(0),
          trunk: Buffer.alloc(0),
          branch: Buffer.alloc(0),
          loopback: Buffer.alloc(0),
        },
        ids,
        cgroups: without.has("cgroups") ? undefined : resources.cgroups,
      });
      return new MutatedWall(copy, resources, zygote, launcher);
    } catch (error) {
      ids.release();
      await releaseHostResources();
      throw error;
    }
  }

  async receipt(): Promise<BackendReceipt> {
    return receiptOf(this.name, this.#copy.image, this.#resources, this.zygote);
  }

  async start(plan: GroupPlan): Promise<readonly RunningSandbox[]> {
    const lease = await this.#pool.lease(plan.members.length, plan.signal);
    try {
      const running = startGroup(lease, plan, performance.now());
      void watchGroup(running, plan.signal).then(() => this.#pool.release(lease));
      return running;
    } catch (error) {
      this.#pool.release(lease);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.zygote.close();
    await releaseHostResources();
  }
}

/** Who it runs as: ids of its own, one that all share, or who this process is. */
async function takeIds(resources: HostResources, without: ReadonlySet<string>): Promise<ZygoteIds> {
  if (without.has("user")) return { ...sharedIds(), user: undefined, group: undefined };
  return without.has("ids") ? sharedIds() : await resources.ids.take();
}

/** A program that starts bubblewrap with the changed arguments, whatever it is started with. */
function writeLauncher(
  copy: ImageCopy,
  resources: HostResources,
  { environment, world }: { environment: Readonly<Record<string, string>>; world: WorldMode },
  change: WallChange,
): string {
  const path = join(copy.folder, "launch");
  const intact = bubblewrapArguments(rootfsWord, environment, world);
  const words = changeArguments(intact, change.outer ?? []).map((word) =>
    quote(word === rootfsWord ? copy.image.rootfs : word),
  );
  const variables = Object.entries(change.outerEnvironment ?? {}).map(
    ([name, value]) => `export ${name}=${quote(value)}\n`,
  );
  writeFileSync(
    path,
    `#!/bin/sh
${variables.join("")}ids=
# Only where it is started with ids to come does it wait for them; which descriptors these are is said to it.
while [ $# -gt 0 ]; do
  case $1 in --info-fd | --userns-block-fd) ids="$ids $1 $2" ;; esac
  shift
done
exec ${quote(resources.bubblewrap.path)} $ids ${words.join(" ")}
`,
  );
  chmodSync(path, 0o755);
  return path;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
