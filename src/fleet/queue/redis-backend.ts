import { type Processor, Queue, QueueEvents, Worker, type WorkerOptions } from "bullmq";
import { Redis } from "ioredis";
import type * as z from "zod";

import { type BullBackend, type NoteKind, parseJson } from "./bull-backend.ts";
import { keyPrefix, noteMs, soon, tombstoneSeconds } from "./queue-names.ts";

const quarantineKey = `${keyPrefix}:fleet:quarantined`;

/** Queues on Redis. */
export class RedisBackend implements BullBackend {
  readonly #url: string;
  readonly #client: Redis;
  readonly #connections: Redis[] = [];

  constructor(url: string) {
    this.#url = url;
    this.#client = connect(url);
  }

  queue(name: string): Queue {
    return new Queue(name, {
      connection: this.#client,
      prefix: keyPrefix,
      streams: { events: { maxLen: 1000 } },
    });
  }

  events(name: string): QueueEvents {
    return new QueueEvents(name, { connection: this.#connect(), prefix: keyPrefix });
  }

  worker(name: string, work: Processor, options: Omit<WorkerOptions, "connection" | "prefix">): Worker {
    return new Worker(name, work, { ...options, connection: this.#connect(), prefix: keyPrefix });
  }

  async unstall(queue: Queue, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await soon(this.#client.srem(queue.toKey("stalled"), ...ids));
  }

  async say(kind: NoteKind, id: string, note: object): Promise<void> {
    const text = JSON.stringify(note);
    const ids = idsKey(kind);
    await soon(this.#client.multi().set(`${ids}:${id}`, text, "PX", noteMs).sadd(ids, id).exec());
  }

  async unsay(kind: NoteKind, id: string): Promise<void> {
    const ids = idsKey(kind);
    await soon(this.#client.multi().del(`${ids}:${id}`).srem(ids, id).exec());
  }

  async said<T>(kind: NoteKind, schema: z.ZodType<T>): Promise<T[]> {
    const ids = idsKey(kind);
    const all = await soon(this.#client.smembers(ids));
    if (all.length === 0) return [];
    const texts = await soon(this.#client.mget(all.map((id) => `${ids}:${id}`)));
    const gone = all.filter((_, at) => texts[at] === null);
    if (gone.length > 0) await soon(this.#client.srem(ids, ...gone));
    return texts.flatMap((text) => {
      const note = schema.safeParse(parseJson(text ?? ""));
      return note.success ? [note.data] : [];
    });
  }

  async end(batch: string): Promise<void> {
    await soon(this.#client.set(endedKey(batch), "1", "EX", tombstoneSeconds));
  }

  async isEnded(batch: string): Promise<boolean> {
    return (await soon(this.#client.exists(endedKey(batch)))) === 1;
  }

  async distrust(host: string): Promise<void> {
    await soon(this.#client.sadd(quarantineKey, host));
  }

  async trust(host: string): Promise<void> {
    await soon(this.#client.srem(quarantineKey, host));
  }

  async distrusted(): Promise<string[]> {
    return await soon(this.#client.smembers(quarantineKey));
  }

  async close(): Promise<void> {
    for (const client of [this.#client, ...this.#connections]) client.disconnect();
  }

  #connect(): Redis {
    const client = connect(this.#url);
    this.#connections.push(client);
    return client;
  }
}

function idsKey(kind: NoteKind): string {
  return `${keyPrefix}:fleet:${kind}-ids`;
}

function endedKey(batch: string): string {
  return `${keyPrefix}:fleet:cancelled:${batch}`;
}

/** Connects, and goes on trying for ever: an outage is waited out. What is asked meanwhile waits too. */
function connect(url: string): Redis {
  const options = {
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    enableReadyCheck: true,
  };
  const path = /^redis\+unix:(?:\/\/)?(\/.*)$/.exec(url)?.[1];
  const client = path === undefined ? new Redis(url, options) : new Redis(path, options);
  // Without a listener an outage would end the process; what comes of one is seen by whoever asks.
  client.on("error", () => {});
  return client;
}
