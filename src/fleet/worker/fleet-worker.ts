import { randomBytes } from "node:crypto";
import { availableParallelism, hostname } from "node:os";

import { isSameseedError, SameseedError } from "../../base/error.ts";
import { packageVersion } from "../../base/package-version.ts";
import { Semaphore } from "../../base/semaphore.ts";
import { Lanes } from "../../judge/lanes.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { openOnceThere } from "../../store/objects/patient-objects.ts";
import { within } from "../within.ts";
import { seedCount } from "../chunk.ts";
import type { ChunkWork, LanesOptions } from "../queue/dispatcher.ts";
import { checkQueueUrl } from "../queue/open-dispatcher.ts";
import type { Leases } from "../queue/queue-names.ts";
import { AgentProcess } from "./agent-process.ts";
import { classImage } from "./class-image.ts";
import { hostClassOf } from "./host-class.ts";
import { ImageSupply } from "./image-supply.ts";
import { type ChunkPlace, runChunk } from "./run-chunk.ts";
import { storeProblem } from "./shared-folder.ts";

/** What a host gives to a fleet. */
export interface FleetWorkerOptions {
  /** The fleet's queue, on Redis or PostgreSQL. */
  readonly redis: string;
  /** The fleet's store. */
  readonly store: string;
  /** Rollouts at the same time. @default twice the processors */
  readonly slots?: number;
  /** Chunks at the same time, which share the slots. @default 2 */
  readonly lanes?: number;
  /** The machine's name in the fleet. @default its host name */
  readonly host?: string;
  readonly leases?: Leases;
  /** Told what a person wants to know, a line at a time. */
  readonly onLog?: (line: string) => void;
  /** Ends the wait for a store that is full or away as the host starts. A host at work is drained. */
  readonly signal?: AbortSignal;
  readonly tamper?: ChunkPlace["tamper"];
}

/** A host at work for a fleet. */
export interface FleetWorker {
  /** What it says of itself. */
  readonly note: LanesOptions["note"];
  /** The number of the queue client's process. */
  readonly agentPid: number | undefined;
  /** Takes nothing more, and ends when what runs has ended; after `ms` it is given back. */
  drain(ms: number): Promise<void>;
}

/** A host name as notes hold it. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Runs chunks for a fleet until it is drained. A store that is full or away is waited for, for a minute at a time.
 * @throws `bad_argument`, `io_failed`, `wall_unavailable`, `image_missing`
 */
export async function startFleetWorker(options: FleetWorkerOptions): Promise<FleetWorker> {
  const { redis, slots = 2 * availableParallelism(), lanes = 2, host = hostname(), onLog = noLog } = options;
  checkQueueUrl(redis);
  if (!namePattern.test(host))
    throw new SameseedError("bad_argument", `${JSON.stringify(host)} is not a host's name`, {
      hint: "use letters, digits, '.', '_' and '-', a letter or digit first",
    });
  const { signal = new AbortController().signal } = options;
  const store = await openOnceThere(options.store, { signal, onLog });
  await store.sweep?.();
  const problem = storeProblem(store.url);
  if (problem !== undefined) onLog(problem);
  const place = await chunkPlace(store, { ...options, slots, host, onLog });
  const { worker: id, hostClass, images } = place;
  const note = { id, host, hostClass, lanes, slots, store: store.url, version: packageVersion() };
  const work: ChunkWork = async (chunk, signal) => {
    const before = images.digests.length;
    try {
      const report = await runChunk(place, chunk, signal);
      onLog(`${chunk.purpose} of ${seedCount(chunk.seeds)} rollouts for ${chunk.batch}`);
      return report;
    } catch (error) {
      if (!signal.aborted) onLog(`a chunk of ${chunk.batch} failed: ${String(error)}`);
      throw error;
    } finally {
      if (images.digests.length !== before) agent.announce();
    }
  };
  const agent = new AgentProcess({
    url: redis,
    note,
    images: () => images.digests,
    work,
    leases: options.leases,
    onLog,
  });
  return {
    note,
    get agentPid() {
      return agent.pid;
    },
    drain: async (ms) => {
      await end(agent, ms);
      store.close();
    },
  };
}

/**
 * What this machine runs chunks with.
 * @throws `wall_unavailable`, `image_missing`
 */
export async function chunkPlace(
  store: ObjectStore,
  {
    slots,
    host,
    onLog = noLog,
    tamper,
  }: Pick<FleetWorkerOptions, "tamper" | "onLog"> & { readonly slots: number; readonly host: string },
): Promise<ChunkPlace> {
  const { receipt } = await openHost({ image: classImage(), backend: "zygote", world: "sealed" });
  const gate = new Semaphore(slots);
  return {
    store,
    images: new ImageSupply(store),
    slots,
    gate,
    tests: new Lanes(slots, gate),
    host,
    worker: `${host}-${randomBytes(4).toString("hex")}`,
    hostClass: hostClassOf(receipt),
    onLog,
    ...(tamper === undefined ? {} : { tamper }),
  };
}

async function end(agent: AgentProcess, ms: number): Promise<void> {
  const stages = [
    { ms, work: async () => await agent.drain() },
    // A queue that is away cannot take anything back; the leases run out.
    { ms: 5_000, work: async () => await agent.close() },
  ];
  for (const { ms: most, work } of stages) {
    try {
      await within(most, work(), "the queue's client does not end");
      return;
    } catch (error) {
      if (!isSameseedError(error)) throw error;
    }
  }
  agent.kill();
}

function noLog(): void {}
