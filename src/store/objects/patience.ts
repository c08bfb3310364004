import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError } from "../../base/error.ts";

/** How long a store that takes nothing is waited for, and how long between tries at first and at most. */
const [patienceMs, firstMs, mostMs] = [60_000, 200, 5_000];

/**
 * Does work on a store that may be full or away for a while: it is tried again until it succeeds, or for a minute.
 * @returns what it gave
 * @throws what the last try threw
 */
export async function patiently<T>(
  work: () => Promise<T>,
  {
    signal,
    onLog,
    wait = async (ms) => await sleep(ms, undefined, { signal }).catch(() => {}),
  }: {
    readonly signal: AbortSignal;
    readonly onLog: (line: string) => void;
    /** @default waits so many milliseconds, or until the signal aborts */
    readonly wait?: (ms: number) => Promise<void>;
  },
): Promise<T> {
  let waited = 0;
  for (let ms = firstMs; ; ms = Math.min(2 * ms, mostMs)) {
    try {
      return await work();
    } catch (error) {
      const mayPass = isSameseedError(error) && (error.code === "disk_full" || error.code === "io_failed");
      if (!mayPass || signal.aborted || waited >= patienceMs) throw error;
      if (waited === 0) onLog(`${error.message}; waiting for the store`);
    }
    await wait(ms);
    waited += ms;
  }
}
