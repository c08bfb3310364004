import { packageVersion } from "../../base/package-version.ts";
import { isSameseedError, SameseedError, toError } from "../../base/error.ts";
import { within } from "../within.ts";

/** The prefix of everything of a fleet in a queue that holds other things too. */
export const keyPrefix: string = "sameseed";

/** How long a note of a worker or a batch holds that is not written again, by the clock of the queue. */
export const noteMs = 6_000;
/** How often it is written again, and how often a host looks for what was cancelled. */
export const beatMs = 1_000;
/** How long a batch that was ended is known to be so: longer than anything of it can wait. */
export const tombstoneSeconds = 86_400;

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
 * Waits for an answer as long as a caller may be held up by a queue that is away.
 * @throws `queue_timeout` where none comes, or the queue says that it cannot: it is full, or being restarted
 */
export async function soon<T>(answer: Promise<T>): Promise<T> {
  try {
    return await within(5_000, answer, "the fleet's queue does not answer");
  } catch (thrown) {
    if (isSameseedError(thrown)) throw thrown;
    const { message } = toError(thrown);
    throw new SameseedError("queue_timeout", `the fleet's queue does not answer: ${message}`, {
      hint: "check that its server runs, takes writes, and is reached from this host",
      cause: thrown,
    });
  }
}
