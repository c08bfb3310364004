import { availableParallelism } from "node:os";

import { isSameseedError } from "../../base/error.ts";
import { Semaphore } from "../../base/semaphore.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import type { JsonObject } from "../../model/json.ts";
import { maxLimitMs, type Limits } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import { executeRollout } from "../../rollout/execute-rollout.ts";
import { planRollout } from "../../rollout/plan-rollout.ts";
import { endSandboxes, startBusySandboxes } from "../../sandbox/busy-sandboxes.ts";
import type { BackendReceipt, SandboxBackend, SandboxPlan } from "../../sandbox/contract.ts";
import { ZygoteBackend } from "../../sandbox/zygote/backend.ts";
import { limitsIn, zygoteKey, type WorldChange } from "./audit-world.ts";
import { parseTrace, type Trace } from "./trace.ts";

/** How {@link WorldRunner} runs. */
export interface WorldRunnerOptions {
  readonly image: ResolvedImage;
  /** The world that is not changed. */
  readonly world: WorldMode;
  readonly limits: Limits;
  /** Rollouts at the same time. @default twice the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Turns that other work shares, in place of {@link concurrency}. */
  readonly turns?: Semaphore;
}

const triesMost = 3;

/** How much longer a rollout may take under the line tracer, which is many times as slow. */
const tracedTimes = 5;

/** Runs rollouts in changed worlds. Worlds that differ only in what a copy can change share a zygote. */
export class WorldRunner {
  readonly #options: WorldRunnerOptions;
  readonly #backends: Map<string, ZygoteBackend> = new Map();
  readonly #turns: Semaphore;
  #rollouts = 0;
  #sealed: WorldRunner | undefined;

  constructor(options: WorldRunnerOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new Semaphore(options.concurrency ?? 2 * availableParallelism());
  }

  /** Rollouts that were run, those that only make a history and those of {@link sealed} included, and zygotes that were started. */
  get cost(): { readonly rollouts: number; readonly zygotes: number } {
    const { rollouts, zygotes } = this.#sealed?.cost ?? { rollouts: 0, zygotes: 0 };
    return { rollouts: this.#rollouts + rollouts, zygotes: this.#backends.size + zygotes };
  }

  /** The same image and limits in the sealed world, with the same turns; ends with this. */
  sealed(): WorldRunner {
    this.#sealed ??= new WorldRunner({ ...this.#options, world: "sealed", turns: this.#turns });
    return this.#sealed;
  }

  /** What the world that is not changed enforces. */
  async receipt(): Promise<BackendReceipt> {
    return await this.#backend({}).receipt();
  }

  /** Starts a world's zygote ahead of need. A failure is told to whoever needs it. */
  warm(change: WorldChange): void {
    this.#backend(change)
      .warm(1)
      .catch(() => {});
  }

  /**
   * One rollout in a world.
   * @throws as `executeRollout`
   */
  async run(change: WorldChange, spec: RolloutSpec): Promise<RecordedRollout> {
    const backend = this.#backend(change);
    const receipt = await backend.receipt();
    const limits = limitsIn(change, this.#options.limits);
    const plan = planRollout(spec, limits, receipt);
    const members = plan.members.map((member) => this.#changed(member, change));
    return await this.#inTurn(backend, change, async () => {
      for (let before = change.before ?? 0; before > 0; before--)
        await this.#execute(backend, receipt, { ...plan, members }, limits);
      return await this.#execute(backend, receipt, { ...plan, members }, limits);
    });
  }

  /**
   * The traces of one rollout under the line tracer: of the environment's sandbox, and of the policy's.
   * @param from the step before which nothing is traced, 0 being the reset; absent for the whole program
   */
  async trace(change: WorldChange, spec: RolloutSpec, from?: number): Promise<readonly Trace[]> {
    const backend = this.#backend(change);
    const receipt = await backend.receipt();
    const plan = planRollout(spec, tracedLimits(limitsIn(change, this.#options.limits)), receipt);
    const texts: Buffer[][] = plan.members.map(() => []);
    // Among several policies none knows the number of the step that it is asked in.
    const explain = (at: number): JsonObject =>
      from === undefined || (at > 0 && plan.members.length > 2) ? {} : { from };
    let isOver = true;
    await this.#inTurn(backend, change, async () => {
      const running = await backend.start({
        members: plan.members.map((member, at) => this.#changed(member, change, explain(at))),
        links: plan.links,
        onOutput: (member, channel, data) => {
          if (channel === "stdout") texts[member]!.push(Buffer.from(data));
        },
        ...this.#signal(),
      });
      isOver = (await running[0]!.ended).cause === "own";
      // A policy ends when its link does; one that does not has nothing more to tell.
      for (const each of running.slice(1)) each.kill();
      await Promise.all(running.map(async ({ ended }) => await ended));
    });
    return texts.map((chunks) => {
      const { entries, isWhole } = parseTrace(Buffer.concat(chunks).toString());
      return { entries, isWhole: isWhole && isOver };
    });
  }

  /** Ends every zygote. */
  async close(): Promise<void> {
    const own = [...this.#backends.values(), ...(this.#sealed === undefined ? [] : [this.#sealed])];
    await Promise.all(own.map(async (each) => await each.close()));
  }

  #backend(change: WorldChange): ZygoteBackend {
    const key = zygoteKey(change);
    let backend = this.#backends.get(key);
    if (backend === undefined) {
      backend = new ZygoteBackend(this.#options.image, {
        world: this.#options.world,
        ...(change.pins === undefined ? {} : { pins: change.pins }),
      });
      this.#backends.set(key, backend);
    }
    return backend;
  }

  async #execute(
    backend: SandboxBackend,
    receipt: BackendReceipt,
    plan: Parameters<typeof executeRollout>[2],
    limits: Limits,
  ): Promise<RecordedRollout> {
    for (let tries = 1; ; tries++) {
      this.#rollouts++;
      try {
        return await executeRollout(backend, receipt, plan, limits, this.#options.signal);
      } catch (error) {
        const again = isSameseedError(error) && error.kind.retryable && error.code !== "aborted";
        if (!again || tries === triesMost) throw error;
      }
    }
  }

  /** Does something when its turn comes, beside as many busy sandboxes as a world has. */
  async #inTurn<T>(backend: SandboxBackend, { busy = 0 }: WorldChange, work: () => Promise<T>): Promise<T> {
    const { limits, signal } = this.#options;
    await this.#turns.acquire(signal);
    // The turn is somebody else's too, so it is given back whatever happens.
    try {
      const spinning = await startBusySandboxes(backend, busy, limits, signal);
      try {
        return await work();
      } finally {
        await endSandboxes(spinning);
      }
    } finally {
      this.#turns.release();
    }
  }

  #signal(): { readonly signal?: AbortSignal } {
    return this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }

  /** A member of the rollout's group as this world has it. */
  #changed(member: SandboxPlan, change: WorldChange, explain?: JsonObject): SandboxPlan {
    const { job } = member;
    if (job.entry !== "script") return member;
    const audit = {
      ...(change.perturb === undefined ? {} : { perturb: change.perturb }),
      ...(explain === undefined ? {} : { explain }),
    };
    // What is not sealed has no settings that could be changed.
    const world = job.world === undefined ? {} : { world: { ...job.world, ...change.settings } };
    return { ...member, job: { ...job, ...world, audit } };
  }
}

function tracedLimits(limits: Limits): Limits {
  const { wallMs, cpuMs } = limits;
  return {
    ...limits,
    wallMs: Math.max(wallMs, Math.min(wallMs * tracedTimes, maxLimitMs)),
    cpuMs: Math.max(cpuMs, Math.min(cpuMs * tracedTimes, maxLimitMs)),
  };
}
