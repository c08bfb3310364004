import { SameseedError } from "../../base/error.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import type { NetworkMode } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type {
  BackendReceipt,
  GroupPlan,
  RunningSandbox,
  SandboxBackend,
  SandboxTree,
  TreePlan,
} from "../contract.ts";
import { HeldHost } from "../linux/held-host.ts";
import { SlotPool } from "./slot-pool.ts";
import { notCopyable } from "./frozen-copy.ts";
import { hasNetwork, refuseUnready, startGroup, watchGroup } from "./start-group.ts";
import { receiptOf, startZygote, type ZygotePins } from "./start-zygote.ts";
import { TreePool } from "./tree-pool.ts";
import { treeSlots } from "./tree-streams.ts";
import { ZygoteTree } from "./tree.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

/** How a zygote backend is made. */
export interface ZygoteBackendOptions {
  /**
   * Sandboxes at the same time; more wait.
   * @default 512
   */
  readonly slotsMost?: number;
  /** Which world its sandboxes see. @default "host" */
  readonly world?: WorldMode;
  /** Allows {@link ZygoteBackend.startBare}. Benchmarks only. */
  readonly allowBare?: boolean;
  /** What an audit gives the interpreter otherwise than every other zygote has it. */
  readonly pins?: ZygotePins;
}

/** Sandboxes as copies of warm interpreters, behind the wall of `native/zygote/wall.c`. */
export class ZygoteBackend implements SandboxBackend {
  readonly name = "zygote";
  readonly #image: ResolvedImage;
  readonly #allowBare: boolean;
  readonly #pool: SlotPool;
  /** Of groups some of which have a network of their own. */
  readonly #networked: SlotPool;
  readonly #trees: TreePool;
  readonly #host: HeldHost = new HeldHost();
  #closed = false;

  constructor(image: ResolvedImage, options: ZygoteBackendOptions = {}) {
    this.#image = image;
    this.#allowBare = options.allowBare ?? false;
    const start = async (slots: number, tree: boolean, network?: NetworkMode): Promise<ZygoteProcess> =>
      await startZygote(image, await this.#host.get(), slots, {
        allowBare: this.#allowBare,
        world: options.world ?? "host",
        tree,
        ...(network === undefined ? {} : { network }),
        ...(options.pins === undefined ? {} : { pins: options.pins }),
      });
    this.#pool = new SlotPool(async (slots) => await start(slots, false), options.slotsMost ?? 512);
    this.#networked = new SlotPool(
      async (slots) => await start(slots, false, "loopback"),
      options.slotsMost ?? 512,
    );
    this.#trees = new TreePool(async () => await start(treeSlots, true));
  }

  async receipt(): Promise<BackendReceipt> {
    const resources = await this.#host.get();
    if (this.#pool.zygotes.length === 0) await this.#pool.warm(1);
    const zygote = this.#pool.zygotes[0];
    if (zygote === undefined) throw new SameseedError("zygote_failed", "no zygote stands");
    return receiptOf(this.name, this.#image, resources, zygote);
  }

  async start(plan: GroupPlan): Promise<readonly RunningSandbox[]> {
    return await this.#start(plan, false);
  }

  async openTree(plan: TreePlan): Promise<SandboxTree> {
    refuseUnready(this.#closed, plan.signal);
    if (plan.limits.network !== undefined) throw notCopyable("it has a network of its own");
    return await ZygoteTree.open(await this.#trees.take(), plan);
  }

  /**
   * Starts a group without its wall, to measure what the wall costs.
   * @throws `internal` where the backend was not made with `allowBare`
   */
  async startBare(plan: GroupPlan): Promise<readonly RunningSandbox[]> {
    if (!this.#allowBare) throw new SameseedError("internal", "this backend does not start bare sandboxes");
    return await this.#start(plan, true);
  }

  /** Makes that many slots ahead of need. */
  async warm(slots: number): Promise<void> {
    await this.#pool.warm(slots);
  }

  /** Has the zygote of the next tree ready ahead of need. */
  async warmTree(): Promise<void> {
    await this.#trees.warm();
  }

  /** The zygotes' process ids on this host, for measurements. */
  get zygotePids(): number[] {
    return [...this.#pool.zygotes, ...this.#networked.zygotes].flatMap(({ pid }) =>
      pid === undefined ? [] : [pid],
    );
  }

  /** The process ids of the zygotes of open trees on this host, for measurements. */
  get treePids(): number[] {
    return this.#trees.zygotes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#pool.close(), this.#networked.close(), this.#trees.close()]);
    await this.#host.release();
  }

  async #start(plan: GroupPlan, bare: boolean): Promise<readonly RunningSandbox[]> {
    const calledAt = performance.now();
    refuseUnready(this.#closed, plan.signal);
    const pool = hasNetwork(plan) ? this.#networked : this.#pool;
    const lease = await pool.lease(plan.members.length, plan.signal);
    try {
      const running = startGroup(lease, plan, calledAt, bare);
      void watchGroup(running, plan.signal).then(() => pool.release(lease));
      return running;
    } catch (error) {
      pool.release(lease);
      throw error;
    }
  }
}
