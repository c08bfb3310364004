import { SameseedError } from "../base/error.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { Limits } from "../model/limits.ts";
import { maxLimitMs } from "../model/limits.ts";
import type {
  BackendReceipt,
  GroupPlan,
  Job,
  RunningSandbox,
  SandboxBackend,
  SandboxTree,
} from "../sandbox/contract.ts";
import { encodeJob } from "../sandbox/job.ts";

/** A tree holds few more copies than this; further starts wait. */
export const copiesAtATime = 48;
/** The type of the message with a copy's job; nobody reads another. */
const jobType = 0x4a;
/** A longer line is none of ours. */
const reportMost = 10_000;

/** What a trunk of prepared rollouts is made of. */
export interface PreparedJob {
  /** Runs `sameseed.play.prepared`. */
  readonly job: Job;
  /** Those of its rollouts; making the environment may take their wall time. */
  readonly limits: Limits;
}

/** Why rollouts are not started from a copy: a clause about their environment or place. */
export class NotPrepared extends Error {}

/**
 * Starts each rollout of one spec as a copy of a process that has made the environment. The process is opened when the first
 * is started, and anew where it was lost.
 */
export class PreparedBackend implements SandboxBackend {
  readonly name: SandboxBackend["name"];
  readonly #backend: SandboxBackend;
  readonly #prepared: PreparedJob;
  readonly #turns = new Semaphore(copiesAtATime);
  #tree: Promise<SandboxTree> | undefined;
  #closed = false;

  /** @param backend copies; closing this leaves it open */
  constructor(backend: SandboxBackend, prepared: PreparedJob) {
    this.name = backend.name;
    this.#backend = backend;
    this.#prepared = prepared;
  }

  async receipt(): Promise<BackendReceipt> {
    return await this.#backend.receipt();
  }

  /**
   * Makes the environment, so that rollouts can start after it.
   * @throws {@link NotPrepared} where they cannot; else as {@link SandboxBackend.openTree}
   */
  async prepare(signal: AbortSignal | undefined): Promise<void> {
    await this.#open(signal);
  }

  async start(plan: GroupPlan): Promise<readonly RunningSandbox[]> {
    const [member, ...others] = plan.members;
    if (member === undefined || others.length > 0)
      throw new SameseedError("internal", `${plan.members.length} sandboxes in a prepared start`);
    await this.#turns.acquire(plan.signal);
    const release = (): void => this.#turns.release();
    try {
      const running = await this.#branch(plan, member);
      running.ended.then(release, release);
      return [running];
    } catch (error) {
      release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#leave();
  }

  async #branch(plan: GroupPlan, member: GroupPlan["members"][number]): Promise<RunningSandbox> {
    const { job, limits, asks } = member;
    try {
      const { trunk } = await this.#open(plan.signal);
      const running = await trunk.branch({
        limits,
        onOutput: (channel, data) => plan.onOutput(0, channel, data),
        ...(asks === undefined ? {} : { asks }),
        ...(plan.signal === undefined ? {} : { signal: plan.signal }),
      });
      // Its files lie there since the environment was made.
      running.send(jobMessage({ ...job, files: [] }));
      return running;
    } catch (error) {
      if (plan.signal?.aborted === true) throw error;
      // Whoever tries again gets another process to be copied.
      await this.#leave();
      throw new SameseedError("sandbox_failed", "a prepared rollout could not be started", { cause: error });
    }
  }

  async #leave(): Promise<void> {
    const tree = this.#tree;
    this.#tree = undefined;
    await tree?.then(
      async (opened) => await opened.close(),
      () => {},
    );
  }

  async #open(signal: AbortSignal | undefined): Promise<SandboxTree> {
    if (this.#closed) throw new SameseedError("sandbox_closed", "the prepared rollouts are over");
    this.#tree ??= this.#make(signal);
    return await this.#tree;
  }

  async #make(signal: AbortSignal | undefined): Promise<SandboxTree> {
    if (this.#backend.openTree === undefined)
      throw new NotPrepared(`the ${this.name} backend copies no state`);
    const { job, limits } = this.#prepared;
    const report = Promise.withResolvers<string>();
    let said = "";
    const tree = await this.#backend.openTree({
      job,
      // Its copies' limits are their own. What it does itself is over when it has told, and the time for that is counted here.
      limits: { ...limits, wallMs: maxLimitMs, cpuMs: maxLimitMs },
      asks: true,
      onOutput: (channel, data) => {
        if (channel !== "stream" || said.length > reportMost) return;
        said += data.toString("latin1");
        if (said.includes("\n")) report.resolve(said.slice(0, said.indexOf("\n")));
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const late = `making it takes longer than ${limits.wallMs} ms`;
    const timer = setTimeout(() => report.reject(new NotPrepared(late)), limits.wallMs);
    const lost = (): void => report.reject(new NotPrepared("its process ended while it was made"));
    tree.trunk.ended.then(lost, (error: unknown) => report.reject(error));
    try {
      const reason = reasonIn(await report.promise) ?? (await tree.trunk.copyRefusal());
      if (reason !== undefined) throw new NotPrepared(reason);
      return tree;
    } catch (error) {
      await tree.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What the process said, which can be the environment's own words. */
function reasonIn(line: string): string | undefined {
  try {
    const { reason } = JSON.parse(line) as { readonly reason: unknown };
    if (reason === null) return undefined;
    if (typeof reason === "string") return reason;
  } catch {
    // As below.
  }
  return "its process says something else than it should";
}

function jobMessage(job: Job): Buffer {
  const body = encodeJob(job);
  const head = Buffer.alloc(5);
  head.writeUInt32LE(body.length);
  head.writeUInt8(jobType, 4);
  return Buffer.concat([head, body]);
}
