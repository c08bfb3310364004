import type { SameseedError } from "../../base/error.ts";
import type { Chunk } from "../chunk.ts";

/*
 * Theory of operation. A queue is a hint, the store is the truth: a chunk is done when its record is in the store, whatever the
 * queue says. So a queue may lose everything, deliver twice and forget whom it told; whoever waits looks into the store and
 * offers again what is missing. What it owes is speed: each chunk goes to one host at a time, a lost host's chunks go to
 * another, and nothing is taken beyond what hosts have lanes for.
 */

/** What a host says when it has run a chunk. */
export interface ChunkReport {
  /** The Merkle root over the chunk's rollouts, 64 hex digits. */
  readonly root: string;
  readonly host: string;
}

/** Why a chunk failed. */
export interface ChunkFailure {
  /**
   * `lost`: the hosts that had it vanished, each time. `error`: they could not run it, each time they tried. `refused`: a host said
   * that no other try of its own would do better.
   */
  readonly kind: "lost" | "error" | "refused";
  /** Who said so last; of what was lost nobody did. */
  readonly host?: string;
  /** As {@link SameseedError.toJSON} writes it; of what was lost there is none. */
  readonly error?: Record<string, unknown>;
}

/** Where a chunk is. `absent`: the queue does not have it; it may be done, or lost. */
export type ChunkState =
  | { readonly at: "waiting" | "running" | "absent" }
  | { readonly at: "failed"; readonly failure: ChunkFailure };

/** A process that runs chunks. */
export interface WorkerNote {
  readonly id: string;
  /** The machine it is on: two workers of one machine have one name. */
  readonly host: string;
  readonly hostClass: string;
  readonly lanes: number;
  readonly slots: number;
  /** Chunks that it runs now. */
  readonly busy: number;
  /** Where it puts what it makes. */
  readonly store: string;
  /** Digests of the images it has. */
  readonly images: readonly string[];
  readonly version: string;
  /** Whether it takes nothing more. */
  readonly draining: boolean;
}

/** A call that has chunks in the queue. */
export interface BatchNote {
  readonly id: string;
  readonly hostClass: string;
  /** Its share of the fleet, against that of other batches. */
  readonly weight: number;
  /** What it runs, for people. */
  readonly title: string;
  readonly done: number;
  readonly total: number;
}

/** What a fleet looks like at the moment. */
export interface FleetView {
  readonly workers: readonly WorkerNote[];
  readonly batches: readonly BatchNote[];
  /** Chunks that wait and that run, by class of host. */
  readonly queues: Readonly<Record<string, { readonly waiting: number; readonly running: number }>>;
  /** Hosts whose results are not trusted. */
  readonly quarantined: readonly string[];
}

/** The side of a queue that has chunks to give. Nothing here waits for a queue that cannot be reached longer than 5 seconds. */
export interface Dispatcher {
  /** Puts a chunk into the queue, unless it is there. @param priority 0 first */
  offer(hostClass: string, chunk: Chunk, priority: number): Promise<void>;
  /** Where a chunk is. */
  stateOf(hostClass: string, id: string): Promise<ChunkState>;
  /** Takes a chunk that does not run out of the queue. */
  withdraw(hostClass: string, id: string): Promise<void>;
  /** Ends a batch: what waits is never begun, what runs is ended within two seconds. */
  cancel(batch: string): Promise<void>;
  /** Whether somebody ended a batch. */
  isCancelled(batch: string): Promise<boolean>;
  /** Says that a batch lives; what is not said again is forgotten after some seconds. */
  note(batch: BatchNote): Promise<void>;
  /** Says that a batch is over. */
  forget(batch: string): Promise<void>;
  view(): Promise<FleetView>;
  /** No host of this name is given anything more. */
  quarantine(host: string): Promise<void>;
  /** It is trusted again. */
  release(host: string): Promise<void>;
  /** Is told the id of a chunk that ended, mostly, and soon. */
  onEnd(listener: (id: string) => void): void;
  close(): Promise<void>;
}

/** The chunks a host takes. */
export interface Lanes {
  /** Chunks of this host that run now. */
  readonly busy: number;
  /** Takes nothing more and waits for what runs. */
  drain(): Promise<void>;
  /** Ends what runs; another host gets it. */
  close(): Promise<void>;
}

/**
 * Runs one chunk. The signal aborts where its result is not wanted any more or is another host's to give.
 * @throws an error that is `retryable` where another try may succeed
 */
export type ChunkWork = (chunk: Chunk, signal: AbortSignal) => Promise<ChunkReport>;

/** How a host takes chunks. */
export interface LanesOptions {
  readonly note: Omit<WorkerNote, "busy" | "draining" | "images">;
  readonly images: () => readonly string[];
  readonly work: ChunkWork;
}

/** How often a chunk is tried that hosts fail to run. */
export const triesMost = 3;
/** How often a chunk may lose its host before it is given up; its seeds are then tried in smaller chunks. */
export const losesMost = 2;

/** How an error ends a chunk: whether another host, or this one later, may do better. */
export function failureOf(error: SameseedError, host: string): ChunkFailure {
  const { code, message, hint, context } = error;
  return {
    kind: error.kind.retryable ? "error" : "refused",
    host,
    error: {
      code,
      message: message.slice(0, textMost),
      ...(hint === undefined ? {} : { hint: hint.slice(0, textMost) }),
      ...(Object.keys(context).length === 0 ? {} : { context: smallOf(context) }),
    },
  };
}

/** What of an error goes through a queue, in characters. */
const [textMost, contextMost] = [2_000, 3_000];

/** The facts of an error that are small enough: a document that is cut somewhere cannot be read at all. */
function smallOf(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let left = contextMost;
  for (const [name, value] of Object.entries(context)) {
    const fits = typeof value === "string" ? value.slice(0, textMost) : value;
    const size = name.length + (JSON.stringify(fits) ?? "").length;
    if (size > left) continue;
    left -= size;
    kept[name] = fits;
  }
  return kept;
}
