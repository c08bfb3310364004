import { availableParallelism, hostname } from "node:os";

import { packageVersion } from "../../base/package-version.ts";
import { openObjects } from "../../store/objects/open-objects.ts";
import type { Dispatcher } from "../queue/dispatcher.ts";
import { LocalDispatcher } from "../queue/local-dispatcher.ts";
import { chunkPlace } from "./fleet-worker.ts";
import { runChunk } from "./run-chunk.ts";

/** A queue and a worker within this process: a fleet of one, with nothing to install. */
export async function openHere(storeUrl: string): Promise<Dispatcher> {
  const store = await openObjects(storeUrl);
  const slots = 2 * availableParallelism();
  const place = await chunkPlace(store, { slots, host: hostname().replaceAll(/[^A-Za-z0-9._-]+/g, "-") });
  const { host, worker: id, hostClass, images } = place;
  const dispatcher = new LocalDispatcher();
  dispatcher.serve({
    note: { id, host, hostClass, lanes: 2, slots, store: store.url, version: packageVersion() },
    images: () => images.digests,
    work: async (chunk, signal) => await runChunk(place, chunk, signal),
  });
  return dispatcher;
}
