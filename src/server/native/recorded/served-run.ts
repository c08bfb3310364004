import type { SameseedError } from "../../../base/error.ts";
import type { RolloutSummary } from "../../../model/rollout.ts";
import type { OpenRun, RecordRunConfig } from "../../../store/record-run.ts";
import { RunReader } from "../../../store/run-reader.ts";
import { asServerError } from "../../http/reply.ts";
import type { Lease } from "../../leases.ts";

/** The latest results that are kept in memory; others are read from the run's folder. */
const recentMost = 1000;

/** How far a run is. */
export interface RunProgress {
  readonly run: string;
  readonly state: "running" | "ended" | "failed";
  readonly total: number;
  readonly recorded: number;
  readonly error: Record<string, unknown> | null;
}

/** One line of a run's results. */
export interface ResultLine {
  readonly index: number;
  readonly rollout: RolloutSummary;
}

/** A run that is being recorded, or was by this server. */
export class ServedRun {
  readonly id: string;
  readonly dir: string;
  /** Resolves when its folder is open, or it has failed. */
  readonly opened: Promise<void>;
  /** Resolves when it is over, whatever came of it. */
  readonly ended: Promise<void>;
  /** Who owns it; undefined for one that is the server's, and when it is over. */
  lease: Lease | undefined;
  readonly #stop: AbortController = new AbortController();
  readonly #recent: Map<number, RolloutSummary> = new Map();
  readonly #order: number[] = [];
  #total: number;
  #state: RunProgress["state"] = "running";
  #error: SameseedError | undefined;
  #isOpened = false;
  #more: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @param record begins to record with these options */
  constructor(id: string, dir: string, total: number, record: (options: RunHooks) => Promise<OpenRun>) {
    this.id = id;
    this.dir = dir;
    this.#total = total;
    const opened = Promise.withResolvers<void>();
    this.opened = opened.promise;
    const onOpen = (run: OpenRun): void => {
      this.#total = run.total;
      this.#isOpened = true;
      opened.resolve();
    };
    this.ended = record({
      dir,
      signal: this.#stop.signal,
      onOpen,
      onRollout: (summary) => this.#take(summary),
    })
      .then(
        () => this.#end("ended"),
        (error: unknown) => this.#end("failed", asServerError(error)),
      )
      .finally(opened.resolve);
  }

  get progress(): RunProgress {
    return {
      run: this.id,
      state: this.#state,
      total: this.#total,
      recorded: this.#order.length,
      error: this.#error === undefined ? null : this.#error.toJSON(),
    };
  }

  /** Why it was never begun: what was asked for cannot be had. */
  get refusal(): SameseedError | undefined {
    return this.#isOpened ? undefined : this.#error;
  }

  /** Whether nothing more comes. */
  get isEnded(): boolean {
    return this.#state !== "running";
  }

  /** Takes over what a run that is gone on with holds already. */
  recordedBefore(order: readonly number[]): void {
    this.#order.push(...order);
  }

  /** Keeps it alive while somebody reads it, until the returned function is called. */
  hold(): () => void {
    return this.lease === undefined || this.lease.isEnded ? () => {} : this.lease.hold();
  }

  /** Ends it; what is recorded stays. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  /** Its results from one on, and with `follow` those to come. @throws as `RunReader.open` */
  async *results(from: number, follow: boolean): AsyncGenerator<ResultLine, void, undefined> {
    let reader: RunReader | undefined;
    try {
      for (let index = from; ; index++) {
        while (index >= this.#order.length) {
          if (this.isEnded || !follow) return;
          await this.#more.promise;
        }
        const seed = this.#order[index]!;
        let rollout = this.#recent.get(index);
        if (rollout === undefined) {
          if (reader?.has(seed) !== true) {
            reader?.close();
            reader = await RunReader.open(this.dir);
          }
          rollout = reader.row(seed);
        }
        yield { index, rollout };
      }
    } finally {
      reader?.close();
    }
  }

  #take(summary: RolloutSummary): void {
    const index = this.#order.push(summary.seed) - 1;
    this.#recent.set(index, summary);
    this.#recent.delete(index - recentMost);
    this.#wake();
  }

  #end(state: RunProgress["state"], error?: SameseedError): void {
    this.#state = state;
    this.#error = error;
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** What {@link ServedRun} adds to a run's options. */
export type RunHooks = Required<Pick<RecordRunConfig, "dir" | "signal" | "onOpen" | "onRollout">>;
