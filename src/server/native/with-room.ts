import type { ServerContext } from "../context.ts";
import type { Patience } from "../slots.ts";

/**
 * Does some work that takes room for sandboxes, and gives it back.
 * @param work is given a signal that fires when the server ends, or the client has gone and nobody can ask again
 * @throws as `Slots.acquire`, and what the work throws
 */
export async function withRoom<T>(
  { slots, signal: ending }: ServerContext,
  weight: number,
  patience: Patience,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const release = await slots.acquire(weight, patience);
  try {
    return await work(patience.signal === undefined ? ending : AbortSignal.any([ending, patience.signal]));
  } finally {
    release();
  }
}
