import { Redis, type RedisOptions } from "ioredis";

import { packageVersion } from "../../base/package-version.ts";
import { within } from "../within.ts";

/** The prefix of every key of a fleet. */
export const keyPrefix: string = "sameseed";

/** How long a note of a worker or a batch holds that is not written again, by the clock of Redis. */
export const noteMs = 6_000;
/** How often it is written again, and how often a host looks for what was cancelled. */
export const beatMs = 1_000;

/** Keys beside BullMQ's own: the ids of workers and batches that said something, and the hosts that are not trusted. */
export const workersKey: string = `${keyPrefix}:fleet:worker-ids`;
export const batchesKey: string = `${keyPrefix}:fleet:batch-ids`;
export const quarantineKey: string = `${keyPrefix}:fleet:quarantined`;

/** The key that says that a batch was ended. */
export function cancelledKey(batch: string): string {
  return `${keyPrefix}:fleet:cancelled:${batch}`;
}

/** The name of a class's queue: hosts of another version, which may play rollouts with other scripts, do not meet there. */
export function queueName(hostClass: string): string {
  return `run-${hostClass}-v${version}`;
}

const version = packageVersion();

/** Leases of chunks: how long a host that is not heard of keeps one, and how often lost ones are looked for. */
export interface Leases {
  readonly lockMs: number;
  readonly checkMs: number;
}

/** Measured: BullMQ's own defaults notice a lost host after a minute. */
export const defaultLeases: Leases = { lockMs: 10_000, checkMs: 5_000 };

/**
 * Connects, and goes on trying for ever: an outage is waited out. What is asked meanwhile waits too, so callers that cannot
 * wait use {@link within}.
 */
export function connect(url: string, more: RedisOptions = {}): Redis {
  const options: RedisOptions = {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    enableReadyCheck: true,
    ...more,
  };
  const path = /^redis\+unix:(?:\/\/)?(\/.*)$/.exec(url)?.[1];
  const client = path === undefined ? new Redis(url, options) : new Redis(path, options);
  // Without a listener an outage would end the process; what comes of one is seen by whoever asks.
  client.on("error", () => {});
  return client;
}

/** Waits for an answer as long as a caller may be held up by a queue that is away. */
export async function soon<T>(answer: Promise<T>): Promise<T> {
  return await within(5_000, answer, "the fleet's queue does not answer");
}
