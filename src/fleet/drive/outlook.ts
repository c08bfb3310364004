import { isSameseedError, SameseedError } from "../../base/error.ts";
import { packageVersion } from "../../base/package-version.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import type { Dispatcher, FleetView } from "../queue/dispatcher.ts";
import { quarantinedHosts } from "../quarantine.ts";

/** Chunks in the queue for each lane. */
const perLane = 3;

/** Whose look at a fleet it is. */
export interface OutlookSetting {
  readonly id: string;
  readonly title: string;
  readonly hostClass: string;
  readonly dispatcher: Dispatcher;
  readonly store: ObjectStore;
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
  /** Whether the queue did not answer. */
  isAway = false;
  /** Hosts that take chunks of this batch. */
  hosts: ReadonlySet<string> = new Set();
  /** Hosts whose results do not count. */
  quarantined: ReadonlySet<string> = new Set();
  /** Hosts that are given nothing more of this batch. */
  readonly #leftOut = new Set<string>();
  #silent = false;

  constructor(setting: OutlookSetting) {
    this.#setting = setting;
  }

  /** Looks whose results do not count. @throws `io_failed` */
  async lookWhoIsOut(): Promise<void> {
    this.quarantined = new Set(await quarantinedHosts(this.#setting.store));
  }

  /**
   * Says that the batch lives, and looks who is there; undefined where the queue does not answer.
   * @throws `aborted` where somebody ended the batch; `io_failed`
   */
  async look(done: number, total: number): Promise<FleetView | undefined> {
    const { id, title, hostClass, weight, dispatcher } = this.#setting;
    await this.lookWhoIsOut();
    try {
      if (await dispatcher.isCancelled(id))
        throw new SameseedError("aborted", "the batch was ended with `sameseed fleet cancel`");
      await dispatcher.note({ id, title, hostClass, weight, done, total });
      const view = await dispatcher.view();
      this.isAway = false;
      await this.#tell(view);
      this.#see(view);
      this.#say(this.lanes > 0, `no worker of class ${hostClass} is there; waiting for one`);
      return view;
    } catch (error) {
      this.overlook(error);
      return undefined;
    }
  }

  /** A queue that lost its copy of the list gives a host chunks that is out: it is told again. */
  async #tell({ quarantined }: FleetView): Promise<void> {
    for (const host of this.quarantined)
      if (!quarantined.includes(host)) await this.#setting.dispatcher.quarantine(host);
  }

  #see({ workers, batches, queues, quarantined }: FleetView): void {
    const { hostClass, weight } = this.#setting;
    const own = workers.filter(
      (worker) =>
        worker.hostClass === hostClass &&
        worker.version === packageVersion() &&
        !worker.draining &&
        !quarantined.includes(worker.host) &&
        !this.quarantined.has(worker.host),
    );
    const weights = batches.filter((batch) => batch.hostClass === hostClass);
    const all = weights.reduce((sum, batch) => sum + batch.weight, 0);
    this.hosts = new Set(own.map(({ host }) => host));
    this.lanes = own.reduce((sum, { lanes }) => sum + lanes, 0);
    this.window = Math.ceil((perLane * this.lanes * weight) / Math.max(all, weight));
    const queue = queues[hostClass];
    this.isIdle = (queue?.waiting ?? 0) === 0 && (queue?.running ?? 0) < this.lanes;
  }

  /** Gives a host nothing more of this batch, as long as there are others. */
  leaveOut(host: string, why: string): void {
    if (this.#leftOut.has(host)) return;
    this.#leftOut.add(host);
    this.#setting.onNote(`host ${host} is given nothing more of this batch: ${why}`);
  }

  /** Hosts that are left out, and some more. */
  without(hosts: Iterable<string>): ReadonlySet<string> {
    return new Set([...hosts, ...this.#leftOut]);
  }

  /** A queue that is away is waited for. @throws what is no such thing */
  overlook(error: unknown): void {
    if (!isSameseedError(error) || error.code !== "queue_timeout") throw error;
    this.isAway = true;
    this.#say(false, "the fleet's queue does not answer; waiting for it");
  }

  /** Says once that there is nobody, and again when there was somebody meanwhile. */
  #say(isFine: boolean, line: string): void {
    if (!isFine && !this.#silent) this.#setting.onNote(line);
    this.#silent = !isFine;
  }
}
