import type { Processor, Queue, QueueEvents, Worker, WorkerOptions } from "bullmq";
import type * as z from "zod";

/** What notes are about. */
export type NoteKind = "worker" | "batch";

/*
 * What a fleet needs beside BullMQ's queues: who is there, which batches were ended, which hosts are out. Notes end by themselves,
 * by the clock of the server: those of hosts need not agree.
 */
export interface Board {
  /** Writes a note, or writes it again. */
  say(kind: NoteKind, id: string, note: object): Promise<void>;
  unsay(kind: NoteKind, id: string): Promise<void>;
  /** Notes that hold, without those that this version cannot read. */
  said<T>(kind: NoteKind, schema: z.ZodType<T>): Promise<T[]>;
  end(batch: string): Promise<void>;
  isEnded(batch: string): Promise<boolean>;
  distrust(host: string): Promise<void>;
  trust(host: string): Promise<void>;
  distrusted(): Promise<string[]>;
}

/** Where BullMQ keeps its queues. Nothing here waits for a server that is away longer than 5 seconds. */
export interface BullBackend extends Board {
  queue(name: string): Queue;
  events(name: string): QueueEvents;
  /** Forgets that these may have stalled: what is taken away while it runs stays in that list until a worker looks at it. */
  unstall(queue: Queue, ids: readonly string[]): Promise<void>;
  worker(name: string, work: Processor, options: Omit<WorkerOptions, "connection" | "prefix">): Worker;
  /** Gives connections back, when what was made of them is closed. */
  close(): Promise<void>;
}

/** What a text says as JSON; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
