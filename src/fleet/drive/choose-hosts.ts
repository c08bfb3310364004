import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError, SameseedError } from "../../base/error.ts";
import { packageVersion } from "../../base/package-version.ts";
import type { Dispatcher, WorkerNote } from "../queue/dispatcher.ts";

/** Which hosts a batch runs on, and where they put what they make. */
export interface ChosenHosts {
  readonly hostClass: string;
  readonly store: string;
}

/**
 * Waits until there is a worker, and chooses the class of hosts with the most lanes: comparable hosts before those that can be
 * compared with themselves only.
 * @throws `bad_argument` where workers name different stores and none is given; `aborted`
 */
export async function chooseHosts(
  dispatcher: Dispatcher,
  how: {
    readonly store: string | undefined;
    readonly onNote: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<ChosenHosts> {
  for (let tries = 0; ; tries++) {
    if (how.signal.aborted) throw new SameseedError("aborted", "the call was aborted");
    const workers = await liveWorkers(dispatcher, tries === 0 ? how.onNote : () => {});
    const best = bestClass(workers);
    if (best !== undefined) return { hostClass: best, store: how.store ?? onlyStore(workers, best) };
    if (tries === 1)
      how.onNote("no worker is there; waiting for one (`sameseed worker --redis … --store …`)");
    await sleep(500, undefined, { signal: how.signal }).catch(() => {});
  }
}

async function liveWorkers(
  dispatcher: Dispatcher,
  onNote: (line: string) => void,
): Promise<readonly WorkerNote[]> {
  try {
    const { workers, quarantined } = await dispatcher.view();
    const version = packageVersion();
    const others = new Set(workers.map((own) => own.version).filter((own) => own !== version));
    if (others.size > 0)
      onNote(`workers of Sameseed ${[...others].join(", ")} are left out: this is ${version}`);
    // A host that is given nothing must not choose the class that the others wait in.
    return workers.filter(
      ({ draining, version: own, host }) => !draining && own === version && !quarantined.includes(host),
    );
  } catch (error) {
    if (!isSameseedError(error) || error.code !== "queue_timeout") throw error;
    onNote("the fleet's queue does not answer; waiting for it");
    return [];
  }
}

function bestClass(workers: readonly WorkerNote[]): string | undefined {
  const lanes = new Map<string, number>();
  for (const worker of workers)
    lanes.set(worker.hostClass, (lanes.get(worker.hostClass) ?? 0) + worker.lanes);
  const isNative = (name: string): number => Number(name.startsWith("native"));
  return [...lanes].sort(([a, own], [b, other]) => isNative(a) - isNative(b) || other - own)[0]?.[0];
}

function onlyStore(workers: readonly WorkerNote[], hostClass: string): string {
  const stores = new Set(workers.filter((own) => own.hostClass === hostClass).map(({ store }) => store));
  const [store = ""] = stores;
  if (stores.size === 1) return store;
  throw new SameseedError("bad_argument", `the fleet's workers use ${stores.size} stores`, {
    hint: "name one with --store, and start every worker with the same",
    context: { stores: [...stores] },
  });
}
