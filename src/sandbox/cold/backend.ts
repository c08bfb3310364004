import { availableParallelism } from "node:os";

import { SameseedError } from "../../base/error.ts";
import { Semaphore } from "../../base/semaphore.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { BackendReceipt, GroupPlan, RunningSandbox, SandboxBackend, SandboxTree } from "../contract.ts";
import { HeldHost } from "../linux/held-host.ts";
import { hasNetwork, refuseUnready, startGroup, watchGroup } from "../zygote/start-group.ts";
import { receiptOf, startZygote } from "../zygote/start-zygote.ts";
import type { ZygoteProcess } from "../zygote/zygote-process.ts";

/** How a cold backend is made. */
export interface ColdBackendOptions {
  /** Which world its sandboxes see. @default "host" */
  readonly world?: WorldMode;
  /** Groups at the same time; more wait. @default twice the processors */
  readonly atOnce?: number;
}

/**
 * Sandboxes from an interpreter of their own: each group gets a zygote that goes through the very same warm-up, is used
 * once, and is ended. For code that must not share a parent with other code, and as the reference for warm starts.
 */
export class ColdBackend implements SandboxBackend {
  readonly name = "cold";
  readonly #image: ResolvedImage;
  readonly #world: WorldMode;
  readonly #turns: Semaphore;
  readonly #zygotes: Set<ZygoteProcess> = new Set();
  readonly #host: HeldHost = new HeldHost();
  #receipt: Promise<BackendReceipt> | undefined;
  #closed = false;

  constructor(image: ResolvedImage, options: ColdBackendOptions = {}) {
    this.#image = image;
    this.#world = options.world ?? "host";
    this.#turns = new Semaphore(options.atOnce ?? 2 * availableParallelism());
  }

  async receipt(): Promise<BackendReceipt> {
    this.#receipt ??= this.#probe();
    try {
      return await this.#receipt;
    } catch (error) {
      this.#receipt = undefined;
      throw error;
    }
  }

  async start(plan: GroupPlan): Promise<readonly RunningSandbox[]> {
    const calledAt = performance.now();
    refuseUnready(this.#closed, plan.signal);
    await this.#turns.acquire(plan.signal);
    let zygote: ZygoteProcess | undefined;
    try {
      refuseUnready(this.#closed, plan.signal);
      zygote = await this.#zygote(plan);
      const slots = [];
      for (let member = 0; member < plan.members.length; member++) slots.push(await zygote.newSlot());
      const running = startGroup({ zygote, slots }, plan, calledAt);
      const used = zygote;
      void watchGroup(running, plan.signal).then(() => this.#end(used));
      return running;
    } catch (error) {
      await this.#end(zygote);
      throw error;
    }
  }

  async openTree(): Promise<SandboxTree> {
    throw new SameseedError("not_copyable", "the cold backend copies no sandboxes", {
      hint: "use the zygote backend, or replay what was recorded",
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#zygotes].map((zygote) => zygote.close()));
    await this.#host.release();
  }

  async #zygote(plan: GroupPlan): Promise<ZygoteProcess> {
    const { members, signal } = plan;
    const resources = await this.#host.get();
    const networked = hasNetwork(plan);
    const zygote = await startZygote(this.#image, resources, members.length, {
      world: this.#world,
      ...(networked ? { network: "loopback" } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#zygotes.add(zygote);
    // The wall of one with a network is another.
    if (!networked) this.#receipt ??= Promise.resolve(receiptOf(this.name, this.#image, resources, zygote));
    return zygote;
  }

  async #end(zygote: ZygoteProcess | undefined): Promise<void> {
    if (zygote !== undefined) {
      await zygote.close();
      this.#zygotes.delete(zygote);
    }
    this.#turns.release();
  }

  async #probe(): Promise<BackendReceipt> {
    const resources = await this.#host.get();
    const zygote = await startZygote(this.#image, resources, 1, { world: this.#world });
    await zygote.close();
    return receiptOf(this.name, this.#image, resources, zygote);
  }
}
