import {
  createPostgresBackend,
  PostgresConnection,
  type PostgresConnectionOptions,
  type Processor,
  Queue,
  QueueEvents,
  Worker,
  type WorkerOptions,
} from "bullmq";
import type * as z from "zod";

import type { BullBackend, NoteKind } from "./bull-backend.ts";
import { keyPrefix, noteMs, soon, tombstoneSeconds } from "./queue-names.ts";

/** BullMQ's tables and this project's own are in schemas of theirs. */
const [queueSchema, ownSchema] = ["sameseed_bullmq", "sameseed_fleet"];
/** Any number that nobody else locks with: two hosts that come first at the same time make the tables one after the other. */
const lockNumber = 7_263_735_336;

type Kind = NoteKind | "ended" | "distrusted";

/** Queues on PostgreSQL. */
export class PostgresBackend implements BullBackend {
  readonly #url: string;
  readonly #board: PostgresConnection;
  #ready: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#board = new PostgresConnection({ ...poolOf(url), schema: ownSchema });
    // What comes of an outage is seen by whoever asks.
    this.#board.on("error", () => {});
  }

  queue(name: string): Queue {
    return new Queue(name, this.#at(), createPostgresBackend) as unknown as Queue;
  }

  events(name: string): QueueEvents {
    return new QueueEvents(name, this.#at(), createPostgresBackend) as unknown as QueueEvents;
  }

  worker(name: string, work: Processor, options: Omit<WorkerOptions, "connection" | "prefix">): Worker {
    const own = { ...options, ...this.#at() };
    return new Worker(name, work, own, createPostgresBackend) as unknown as Worker;
  }

  /** Nothing to do: there it is written with the job itself. */
  async unstall(): Promise<void> {}

  #at(): { connection: PostgresConnectionOptions; prefix: string } {
    return { connection: { ...poolOf(this.#url), schema: queueSchema, migrate: true }, prefix: keyPrefix };
  }

  async say(kind: NoteKind, id: string, note: object): Promise<void> {
    await this.#put(kind, id, note, noteMs);
  }

  async unsay(kind: NoteKind, id: string): Promise<void> {
    await this.#delete(kind, id);
  }

  async said<T>(kind: NoteKind, schema: z.ZodType<T>): Promise<T[]> {
    return (await this.#valid(kind)).flatMap(({ note: value }) => {
      const note = schema.safeParse(value);
      return note.success ? [note.data] : [];
    });
  }

  async end(batch: string): Promise<void> {
    await this.#put("ended", batch, {}, 1000 * tombstoneSeconds);
  }

  async isEnded(batch: string): Promise<boolean> {
    const rows = await this.#ask("SELECT 1 FROM notes WHERE kind = $1 AND id = $2 AND until > now()", [
      "ended",
      batch,
    ]);
    return rows.length > 0;
  }

  async distrust(host: string): Promise<void> {
    await this.#put("distrusted", host, {}, foreverMs);
  }

  async trust(host: string): Promise<void> {
    await this.#delete("distrusted", host);
  }

  async distrusted(): Promise<string[]> {
    return (await this.#valid("distrusted")).map(({ id }) => id);
  }

  async close(): Promise<void> {
    await soon(this.#board.close()).catch(() => {});
  }

  async #put(kind: Kind, id: string, note: object, ms: number): Promise<void> {
    await this.#ask(
      `INSERT INTO notes (kind, id, note, until) VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond')
       ON CONFLICT (kind, id) DO UPDATE SET note = excluded.note, until = excluded.until`,
      [kind, id, JSON.stringify(note), ms],
    );
    await this.#ask("DELETE FROM notes WHERE until < now()", []);
  }

  async #delete(kind: Kind, id: string): Promise<void> {
    await this.#ask("DELETE FROM notes WHERE kind = $1 AND id = $2", [kind, id]);
  }

  async #valid(kind: Kind): Promise<{ readonly id: string; readonly note: unknown }[]> {
    return await this.#ask("SELECT id, note FROM notes WHERE kind = $1 AND until > now() ORDER BY id", [
      kind,
    ]);
  }

  async #ask<R>(text: string, values: readonly unknown[]): Promise<R[]> {
    return await soon(
      (async () => {
        this.#ready ??= this.#makeTable().catch((error: unknown) => {
          this.#ready = undefined;
          throw error;
        });
        await this.#ready;
        return (await this.#board.pool.query<R>(text, values)).rows;
      })(),
    );
  }

  /** One query of several statements is one transaction, which frees the lock however it ends. */
  async #makeTable(): Promise<void> {
    await this.#board.pool.query(
      `SELECT pg_advisory_xact_lock(${lockNumber});
       CREATE SCHEMA IF NOT EXISTS ${ownSchema};
       CREATE TABLE IF NOT EXISTS ${ownSchema}.notes (
         kind text NOT NULL, id text NOT NULL, note jsonb NOT NULL, until timestamptz NOT NULL,
         PRIMARY KEY (kind, id))`,
    );
  }
}

const foreverMs = 1000 * 86_400 * 365 * 100;

function poolOf(url: string): { connectionString: string; max: number } {
  return { connectionString: url, max: 4 };
}
