import { SameseedError } from "../../base/error.ts";
import type { SandboxTree, TreePlan, TrunkSandbox } from "../contract.ts";
import { encodeJob } from "../job.ts";
import { limitGroup, wireLimits } from "./start-group.ts";
import type { TreeParts } from "./tree-parts.ts";
import { TreeStreams, treeSlots } from "./tree-streams.ts";
import { Trunk } from "./trunk.ts";
import { encodeStart } from "./wire.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

const mebibyte = 1024 * 1024;

/*
 * Theory of operation. A tree has a zygote, and so an outer wall, of its own. The zygote's one slot runs the trunk: it is
 * forked before any environment code runs, and says what the trunk does. The trunk's copies speak for themselves, over
 * streams that the zygote lends them (native/zygote/trunk.c), and what speaks there may be the environment's own code. So
 * nothing that is heard there does more than tell how this tree's branches fare; limits are set and counted outside; and
 * where something does not obey, or says what none of ours would say, the whole tree is ended by the outer wall's end.
 */

/** A trunk and its copies. */
export class ZygoteTree implements SandboxTree, TreeParts {
  readonly zygote: ZygoteProcess;
  readonly streams: TreeStreams;
  readonly copyProcesses: number = 3 * treeSlots;
  readonly #listeners: Set<(error: SameseedError) => void> = new Set();
  #trunk: TrunkSandbox | undefined;
  #lost: SameseedError | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(zygote: ZygoteProcess) {
    this.zygote = zygote;
    this.streams = new TreeStreams(zygote, (error) => void this.fail(error));
    zygote.onDead = (reason) => void this.fail(reason);
  }

  /**
   * Starts the trunk of a zygote that nobody else uses; closing the tree closes it.
   * @throws as {@link SandboxBackend.openTree}
   */
  static async open(zygote: ZygoteProcess, plan: TreePlan): Promise<ZygoteTree> {
    const tree = new ZygoteTree(zygote);
    try {
      await tree.#start(plan);
      return tree;
    } catch (error) {
      await zygote.close();
      throw error;
    }
  }

  get trunk(): TrunkSandbox {
    return this.#trunk!;
  }

  fail(error: SameseedError): SameseedError {
    if (this.#lost !== undefined) return this.#lost;
    this.#lost = error;
    for (const listener of this.#listeners) listener(error);
    void this.zygote.close();
    return error;
  }

  lost(listener: (error: SameseedError) => void): () => void {
    if (this.#lost !== undefined) listener(this.#lost);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      return await work();
    });
    this.#last = turn.catch(() => {});
    return await turn;
  }

  async close(): Promise<void> {
    this.fail(new SameseedError("sandbox_closed", "the tree was closed"));
    await this.zygote.close();
  }

  async #start(plan: TreePlan): Promise<void> {
    const calledAt = performance.now();
    const { limits, signal, asks = false } = plan;
    const slot = await this.zygote.newSlot();
    limitGroup(slot.group, limits);
    const wire = wireLimits(limits, this.zygote, slot.group !== undefined);
    const filter = this.zygote.trunkFilter;
    const message = encodeStart(
      {
        ...wire,
        processes: wire.processes + this.copyProcesses,
        links: [],
        bare: false,
        announce: true,
        asks,
        trunk: true,
        filterBytes: filter.length,
      },
      Buffer.concat([filter, encodeJob(plan.job)]),
    );
    const running = slot.prepare({
      calledAt,
      outputBytes: limits.outputBytes,
      wallMs: asks ? undefined : limits.wallMs,
      cpuMs: limits.cpuMs,
      memoryBytes: limits.memoryMb * mebibyte,
      onOutput: plan.onOutput,
    });
    slot.begin(message);
    const kill = (): void => running.kill();
    signal?.addEventListener("abort", kill, { once: true });
    const forget = (): void => signal?.removeEventListener("abort", kill);
    running.ended.then(forget, forget);
    if (signal?.aborted === true) kill();
    const parentPid = (): number | undefined => this.zygote.slotPidOnHost(slot.index);
    this.#trunk = new Trunk(this, { running, limits, generation: 0, parentPid });
  }
}
