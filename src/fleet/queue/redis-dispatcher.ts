import { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import * as z from "zod";

import { type Chunk, chunkBytesMost } from "../chunk.ts";
import {
  type BatchNote,
  type ChunkFailure,
  type ChunkState,
  type Dispatcher,
  type FleetView,
  triesMost,
  type WorkerNote,
} from "./dispatcher.ts";
import {
  connect,
  keyPrefix,
  batchesKey,
  cancelledKey,
  quarantineKey,
  workersKey,
  queueName,
  soon,
} from "./redis-names.ts";
import { parseJson, readNotes, removeNote, writeNote } from "./redis-notes.ts";

/** How long a batch that was ended is known to be so: longer than anything of it can wait. */
const tombstoneSeconds = 86_400;

/** Chunks through BullMQ on Redis, one queue for each class of hosts. */
export class RedisDispatcher implements Dispatcher {
  readonly #url: string;
  readonly #client: Redis;
  readonly #queues = new Map<string, { readonly queue: Queue; readonly events: QueueEvents }>();
  readonly #connections: Redis[] = [];
  readonly #listeners: ((id: string) => void)[] = [];

  constructor(url: string) {
    this.#url = url;
    this.#client = connect(url);
  }

  async offer(hostClass: string, chunk: Chunk, priority: number): Promise<void> {
    const added = this.#queue(hostClass).add("chunk", chunk, {
      jobId: chunk.id,
      ...(priority === 0 ? {} : { priority }),
      attempts: triesMost,
      backoff: { type: "exponential", delay: 1000 },
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
    return { at: state === "active" ? "running" : "waiting" };
  }

  async withdraw(hostClass: string, id: string): Promise<void> {
    // What runs is locked and stays.
    await soon(this.#queue(hostClass).remove(id)).catch(() => {});
  }

  async cancel(batch: string): Promise<void> {
    await soon(this.#client.set(cancelledKey(batch), "1", "EX", tombstoneSeconds));
    await this.forget(batch);
    for (const { queue } of this.#queues.values()) {
      const waiting = await soon(queue.getJobs(["waiting", "prioritized", "delayed", "failed"], 0, 10_000));
      const own = waiting.filter((job) => (job.data as Chunk).batch === batch);
      await Promise.all(own.map(async (job) => await soon(job.remove()).catch(() => {})));
    }
  }

  async isCancelled(batch: string): Promise<boolean> {
    return (await soon(this.#client.exists(cancelledKey(batch)))) === 1;
  }

  async note(batch: BatchNote): Promise<void> {
    await writeNote(this.#client, batchesKey, batch.id, batch);
  }

  async forget(batch: string): Promise<void> {
    await removeNote(this.#client, batchesKey, batch);
  }

  async view(): Promise<FleetView> {
    const [workers, batches, quarantined] = await Promise.all([
      readNotes(this.#client, workersKey, workerSchema),
      readNotes(this.#client, batchesKey, batchSchema),
      soon(this.#client.smembers(quarantineKey)),
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
    await soon(this.#client.sadd(quarantineKey, host));
  }

  async release(host: string): Promise<void> {
    await soon(this.#client.srem(quarantineKey, host));
  }

  onEnd(listener: (id: string) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    const open = [...this.#queues.values()].flatMap(({ queue, events }) => [queue, events]);
    // A queue that is away cannot be left in order.
    await Promise.all(open.map(async (own) => await soon(own.close()).catch(() => {})));
    for (const client of [this.#client, ...this.#connections]) client.disconnect();
  }

  #queue(hostClass: string): Queue {
    const known = this.#queues.get(hostClass);
    if (known !== undefined) return known.queue;
    const name = queueName(hostClass);
    const connection = connect(this.#url);
    this.#connections.push(connection);
    const queue = new Queue(name, {
      connection: this.#client,
      prefix: keyPrefix,
      streams: { events: { maxLen: 1000 } },
    });
    const events = new QueueEvents(name, { connection, prefix: keyPrefix });
    // What comes of an outage is seen by whoever asks.
    queue.on("error", () => {});
    events.on("error", () => {});
    const tell = ({ jobId }: { readonly jobId: string }): void => {
      for (const listener of this.#listeners) listener(jobId);
    };
    events.on("completed", tell);
    events.on("failed", tell);
    this.#queues.set(hostClass, { queue, events });
    return queue;
  }
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
