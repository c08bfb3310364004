import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { Dispatcher, FleetView } from "../queue/dispatcher.ts";

/** Chunks in the queue for each lane. */
const perLane = 3;

/** Whose look at a fleet it is. */
export interface OutlookSetting {
  readonly id: string;
  readonly title: string;
  readonly hostClass: string;
  readonly dispatcher: Dispatcher;
  readonly weight: number;
  readonly onNote: (line: string) => void;
}

/** What a batch knows of the fleet, as it was when it last looked. */
export class Outlook {
  readonly #setting: OutlookSetting;
  /** Lanes of all workers that take chunks of this batch. */
  lanes = 0;
  /** Chunks that this batch may have in the queue. */
  window = 0;
  /** Whether a lane has nothing to do. */
  isIdle = false;
  /** Hosts whose results do not count. */
  quarantined: ReadonlySet<string> = new Set();
  #silent = false;

  constructor(setting: OutlookSetting) {
    this.#setting = setting;
  }

  /**
   * Says that the batch lives, and looks who is there; undefined where the queue does not answer.
   * @throws `aborted` where somebody ended the batch
   */
  async look(done: number, total: number): Promise<FleetView | undefined> {
    const { id, title, hostClass, weight, dispatcher } = this.#setting;
    try {
      if (await dispatcher.isCancelled(id))
        throw new SameseedError("aborted", "the batch was ended with `sameseed fleet cancel`");
      await dispatcher.note({ id, title, hostClass, weight, done, total });
      const view = await dispatcher.view();
      const out = new Set(view.quarantined);
      const own = view.workers.filter(
        (worker) => worker.hostClass === hostClass && !worker.draining && !out.has(worker.host),
      );
      const weights = view.batches.filter((batch) => batch.hostClass === hostClass);
      const all = weights.reduce((sum, batch) => sum + batch.weight, 0);
      this.lanes = own.reduce((sum, { lanes }) => sum + lanes, 0);
      this.window = Math.ceil((perLane * this.lanes * weight) / Math.max(all, weight));
      const queue = view.queues[hostClass];
      this.isIdle = (queue?.waiting ?? 0) === 0 && (queue?.running ?? 0) < this.lanes;
      this.quarantined = out;
      this.#say(this.lanes > 0, `no worker of class ${hostClass} is there; waiting for one`);
      return view;
    } catch (error) {
      this.overlook(error);
      return undefined;
    }
  }

  /** A queue that is away is waited for. @throws what is no such thing */
  overlook(error: unknown): void {
    if (!isSameseedError(error) || error.code !== "queue_timeout") throw error;
    this.#say(false, "the fleet's queue does not answer; waiting for it");
  }

  /** Says once that there is nobody, and again when there was somebody meanwhile. */
  #say(isFine: boolean, line: string): void {
    if (!isFine && !this.#silent) this.#setting.onNote(line);
    this.#silent = !isFine;
  }
}
