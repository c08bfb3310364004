import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError, type SameseedError } from "../../base/error.ts";

/** How long a store that takes nothing is waited for, and how long between tries at first and at most. */
const [patienceMs, firstMs, mostMs] = [60_000, 200, 5_000];

function isOfStores({ code }: SameseedError): boolean {
  return code === "disk_full" || code === "io_failed";
}

/** What no wrong address or key can be the reason of: the store is full, or its server says that it cannot serve now. */
export function isOutage({ code, context }: SameseedError): boolean {
  return code === "disk_full" || (code === "io_failed" && Number(context["status"]) >= 500);
}

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
    mayPass = isOfStores,
    wait = async (ms) => await sleep(ms, undefined, { signal }).catch(() => {}),
  }: {
    readonly signal: AbortSignal;
    readonly onLog: (line: string) => void;
    /** Whether it is tried again. @default what may be a store's: that it is full, away or slow */
    readonly mayPass?: (error: SameseedError) => boolean;
    /** @default waits so many milliseconds, or until the signal aborts */
    readonly wait?: (ms: number) => Promise<void>;
  },
): Promise<T> {
  let waited = 0;
  for (let ms = firstMs; ; ms = Math.min(2 * ms, mostMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isSameseedError(error) || !mayPass(error) || signal.aborted || waited >= patienceMs) throw error;
      if (waited === 0) onLog(`${error.message}; waiting for the store`);
    }
    await wait(ms);
    waited += ms;
  }
}
