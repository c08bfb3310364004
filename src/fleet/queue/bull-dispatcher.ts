import type { Job, JobType, Queue, QueueEvents } from "bullmq";
import * as z from "zod";

import { nowMs } from "../../base/clock.ts";
import { SameseedError } from "../../base/error.ts";
import { type Chunk, chunkBytesMost } from "../chunk.ts";
import { type BullBackend, parseJson } from "./bull-backend.ts";
import {
  type BatchNote,
  type ChunkFailure,
  type ChunkState,
  type Dispatcher,
  type FleetView,
  triesMost,
  type WorkerNote,
} from "./dispatcher.ts";
import { queueName, soon, tombstoneSeconds } from "./queue-names.ts";

/** How long a chunk may be seen to rest, in milliseconds. */
const restMost = 2_000;

/** Chunks through BullMQ, one queue for each class of hosts. */
export class BullDispatcher implements Dispatcher {
  readonly #backend: BullBackend;
  readonly #queues = new Map<string, { readonly queue: Queue; readonly events: QueueEvents }>();
  /** When chunks that rest were first seen to. */
  readonly #resting = new Map<string, number>();
  readonly #listeners: ((id: string) => void)[] = [];

  /** @param backend closed with it */
  constructor(backend: BullBackend) {
    this.#backend = backend;
  }

  async offer(hostClass: string, chunk: Chunk, priority: number): Promise<void> {
    const added = this.#queue(hostClass).add("chunk", chunk, {
      jobId: chunk.id,
      ...(priority === 0 ? {} : { priority }),
      attempts: triesMost,
      removeOnComplete: true,
      removeOnFail: { age: tombstoneSeconds, count: 1000 },
      stackTraceLimit: 1,
      sizeLimit: chunkBytesMost,
    });
    await soon(added);
  }

  async stateOf(hostClass: string, id: string): Promise<ChunkState> {
    const job = await soon(this.#queue(hostClass).getJob(id));
    if (job === undefined) return { at: "absent" };
    const state = await soon(job.getState());
    if (state === "failed") return { at: "failed", failure: readFailure(job.failedReason) };
    if (state === "completed" || state === "unknown") return { at: "absent" };
    if (state === "delayed") await this.#wake(job);
    else this.#resting.delete(id);
    return { at: state === "active" ? "running" : "waiting" };
  }

  /** Chunks rest for less than a second. What still does later was put there by a host that is gone and whose clock was ahead. */
  async #wake(job: Job): Promise<void> {
    const id = job.id!;
    const since = this.#resting.get(id);
    if (since === undefined) this.#resting.set(id, nowMs());
    else if (nowMs() - since > restMost) {
      this.#resting.delete(id);
      await soon(job.promote()).catch(() => {});
    }
  }

  async withdraw(hostClass: string, id: string): Promise<void> {
    // What runs is locked and stays.
    await soon(this.#queue(hostClass).remove(id)).catch(() => {});
  }

  async cancel(batch: string): Promise<void> {
    await this.#backend.end(batch);
    await this.forget(batch);
    for (const { queue } of this.#queues.values()) {
      // What a host has is locked and stays: that host sees that it was cancelled. What no host has though it is said to run, since
      // Redis lost what it was told last, is taken away.
      const own = [
        ...(await ofBatch(queue, ["active"], batch)),
        ...(await ofBatch(queue, idleStates, batch)),
      ];
      const gone: string[] = [];
      for (const job of own)
        await soon(job.remove()).then(
          () => gone.push(job.id!),
          () => {},
        );
      await this.#backend.unstall(queue, gone);
      if ((await ofBatch(queue, idleStates, batch)).length > 0)
        throw new SameseedError("queue_timeout", "the fleet's queue does not give back what was cancelled");
    }
  }

  async isCancelled(batch: string): Promise<boolean> {
    return await this.#backend.isEnded(batch);
  }

  async note(batch: BatchNote): Promise<void> {
    await this.#backend.say("batch", batch.id, batch);
  }

  async forget(batch: string): Promise<void> {
    await this.#backend.unsay("batch", batch);
  }

  async view(): Promise<FleetView> {
    const [workers, batches, quarantined] = await Promise.all([
      this.#backend.said("worker", workerSchema),
      this.#backend.said("batch", batchSchema),
      this.#backend.distrusted(),
    ]);
    const classes = new Set([...workers, ...batches].map(({ hostClass }) => hostClass));
    const queues: Record<string, { waiting: number; running: number }> = {};
    for (const hostClass of classes) {
      const queue = this.#queue(hostClass);
      const counts = await soon(queue.getJobCounts("waiting", "prioritized", "delayed", "active"));
      const { waiting = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
      queues[hostClass] = { waiting: waiting + prioritized + delayed, running: active };
    }
    return { workers, batches, queues, quarantined };
  }

  async quarantine(host: string): Promise<void> {
    await this.#backend.distrust(host);
  }

  async release(host: string): Promise<void> {
    await this.#backend.trust(host);
  }

  onEnd(listener: (id: string) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    const open = [...this.#queues.values()].flatMap(({ queue, events }) => [queue, events]);
    // A queue that is away cannot be left in order.
    await Promise.all(open.map(async (own) => await soon(own.close()).catch(() => {})));
    await this.#backend.close();
  }

  #queue(hostClass: string): Queue {
    const known = this.#queues.get(hostClass);
    if (known !== undefined) return known.queue;
    const name = queueName(hostClass);
    const queue = this.#backend.queue(name);
    const events = this.#backend.events(name);
    // What comes of an outage is seen by whoever asks.
    queue.on("error", () => {});
    events.on("error", () => {});
    const tell = ({ jobId }: { readonly jobId: string }): void => {
      for (const listener of this.#listeners) listener(jobId);
    };
    events.on("completed", tell);
    events.on("failed", tell);
    const both = { queue, events };
    this.#queues.set(hostClass, both);
    // What could not be connected at first stays so for good on PostgreSQL: the next one who asks gets another.
    void Promise.all([queue.waitUntilReady(), events.waitUntilReady()]).catch(() => {
      if (this.#queues.get(hostClass) === both) this.#queues.delete(hostClass);
      for (const own of [queue, events]) void own.close().catch(() => {});
    });
    return queue;
  }
}

/** Where a chunk is that no host has. */
const idleStates: readonly JobType[] = ["waiting", "prioritized", "delayed", "failed"];

async function ofBatch(queue: Queue, states: readonly JobType[], batch: string): Promise<Job[]> {
  const jobs = await soon(queue.getJobs([...states], 0, 10_000));
  return jobs.filter((job) => (job.data as Chunk).batch === batch);
}

const workerSchema: z.ZodType<WorkerNote> = z.object({
  id: z.string(),
  host: z.string(),
  hostClass: z.string(),
  lanes: z.int().min(1),
  slots: z.int().min(1),
  busy: z.int().min(0),
  store: z.string(),
  images: z.array(z.string()),
  version: z.string(),
  draining: z.boolean(),
});

const batchSchema: z.ZodType<BatchNote> = z.object({
  id: z.string(),
  hostClass: z.string(),
  weight: z.number().min(1),
  title: z.string(),
  done: z.int(),
  total: z.int(),
});

const failureSchema: z.ZodType<ChunkFailure> = z.object({
  kind: z.enum(["error", "refused"]),
  host: z.string().exactOptional(),
  error: z.record(z.string(), z.unknown()),
});

/** BullMQ has one text for why a job failed; what hosts say is a document, what it says itself is about their leases. */
function readFailure(reason: string | undefined): ChunkFailure {
  const failure = failureSchema.safeParse(parseJson(reason ?? ""));
  return failure.success ? failure.data : { kind: "lost" };
}
