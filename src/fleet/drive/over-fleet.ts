import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { timeName } from "../../base/clock.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { openPatiently } from "../../store/objects/patient-objects.ts";
import type { SpecDocument } from "../fleet-spec.ts";
import type { Dispatcher } from "../queue/dispatcher.ts";
import { publishImage } from "../worker/image-supply.ts";
import { specKey } from "../worker/run-chunk.ts";
import type { BatchKind } from "./batch-kind.ts";
import { type ChosenHosts, chooseHosts } from "./choose-hosts.ts";
import { type BatchSetting, FleetBatch } from "./fleet-batch.ts";

/** One call over a fleet. */
export interface FleetCall<T> extends Pick<
  BatchSetting,
  "title" | "weight" | "priority" | "share" | "storedOnly" | "onLost" | "onNote"
> {
  readonly open: () => Promise<Dispatcher>;
  /** Where hosts put what they make. @default what they name */
  readonly store: string | undefined;
  /** Which hosts do it. @default those that can be compared, or else most of those that are there */
  readonly hosts?: ChosenHosts | undefined;
  readonly kind: BatchKind<T>;
  readonly seeds: Iterable<number>;
  /** Digests of the images that hosts need. */
  readonly images: readonly string[];
  readonly signal: AbortSignal;
  /** What hosts are told; whatever it names is in the store. */
  readonly spec: (store: ObjectStore, hostClass: string) => Promise<SpecDocument>;
  /** Told when everything was handed on. */
  readonly onDone?: (made: { readonly spec: string; readonly store: string }) => void;
}

/** Opens the queue and the store, does a batch, and takes back whatever is left of it. */
export async function* overFleet<T>(call: FleetCall<T>): AsyncGenerator<T, void, undefined> {
  const { images, onNote, signal, kind, seeds } = call;
  const dispatcher = await call.open();
  const id = `${timeName()}-${randomBytes(4).toString("hex")}`;
  let store: ObjectStore | undefined;
  try {
    const chosen = call.hosts ?? (await chooseHosts(dispatcher, { store: call.store, onNote, signal }));
    const { hostClass } = chosen;
    store = await openPatiently(chosen.store, { signal, onLog: onNote });
    const open = store;
    const { hash: spec, bytes } = await call.spec(open, hostClass);
    await open.putIfAbsent(specKey(spec), bytes);
    const supply = new OnceAtATime(async () => {
      for (const image of images) await publishImage(open, image);
    });
    const onView: BatchSetting["onView"] = ({ workers }) => {
      const lack = workers.some(
        (worker) => worker.hostClass === hostClass && images.some((image) => !worker.images.includes(image)),
      );
      if (lack)
        void supply
          .run()
          .catch((error: unknown) => onNote(`the image cannot be put into the store: ${String(error)}`));
    };
    const supplyImage = async (): Promise<void> => await supply.run();
    const own = { ...call, id, spec, hostClass, store: open, dispatcher, onView, supplyImage };
    yield* new FleetBatch(own, kind, seeds).run(signal);
    call.onDone?.({ spec, store: chosen.store });
  } finally {
    // Whatever is in the queue of it, stragglers that were overtaken or audits that others settled, nobody waits for.
    await takeBack(dispatcher, id, onNote);
    await dispatcher.close();
    store?.close();
  }
}

/** How often a queue that is away is asked to take a batch back: each time it has five seconds, and a second passes between two. */
const takeBackTries = 3;

async function takeBack(
  dispatcher: Dispatcher,
  batch: string,
  onNote: (line: string) => void,
): Promise<void> {
  for (let tries = 1; tries <= takeBackTries; tries++) {
    try {
      await dispatcher.cancel(batch);
      return;
    } catch {
      if (tries === 1)
        onNote("the fleet's queue does not answer; waiting for it, to take back what it has left");
      if (tries < takeBackTries) await sleep(1_000);
    }
  }
  onNote(
    `what the queue has left of it is run for nobody, unless \`sameseed fleet cancel ${batch}\` ends it first`,
  );
}

/** Work that is asked for again while it is under way is one and the same; once it was done it is not done again. */
class OnceAtATime {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  async run(): Promise<void> {
    this.#running ??= this.#work().catch((error: unknown) => {
      this.#running = undefined;
      throw error;
    });
    await this.#running;
  }
}
