import { formatDuration, formatRate } from "./numbers.ts";
import type { StatusLine } from "./status-line.ts";

/** What is being done. */
export interface ProgressOptions {
  /** Such as `recording`. */
  readonly verb: string;
  readonly total: number;
  /** How many were done before; they count as done, and not for the rate. */
  readonly before?: number;
  /** What else to say, such as `mean return 21.3`. */
  readonly details: () => readonly string[];
  /** The time in ms. @default the process's own clock */
  readonly now?: () => number;
}

const liveEveryMs = 100;
const firstPlainMs = 2000;
const largestPlainGapMs = 60_000;
/** From when on a rate says something of the rest: the first rollouts come all at once, after the first start. */
const firstEtaMs = 2000;
const firstEtaDone = 4;

/**
 * Progress of many rollouts: a line that is written over on a terminal; elsewhere a line now and then, at gaps that
 * double from two seconds to a minute, so that a short run says nothing and a log of a long one stays short.
 */
export class Progress {
  readonly #status: StatusLine;
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  readonly #startedAt: number;
  #done = 0;
  #nextAt: number;
  #gapMs = firstPlainMs;

  constructor(status: StatusLine, options: ProgressOptions) {
    this.#status = status;
    this.#options = options;
    this.#now = options.now ?? ((): number => performance.now());
    this.#startedAt = this.#now();
    this.#nextAt = this.#startedAt + (status.live ? 0 : firstPlainMs);
    this.#tick();
  }

  /** How many this call has done. */
  get done(): number {
    return this.#done;
  }

  /** One more is done. */
  advance(): void {
    this.#done++;
    this.#tick();
  }

  /** Takes the live line away. */
  stop(): void {
    this.#status.clear();
  }

  /** The line as it stands. */
  line(): string {
    const { verb, total, before = 0, details } = this.#options;
    const seconds = (this.#now() - this.#startedAt) / 1000;
    const rate = seconds > 0 ? this.#done / seconds : 0;
    const left = total - before - this.#done;
    const knows = seconds * 1000 >= firstEtaMs && this.#done >= firstEtaDone;
    const pace = rate > 0 ? [`${formatRate(rate)}/s`] : [];
    const eta = knows ? [`ETA ${formatDuration((left / rate) * 1000)}`] : [];
    return [`${verb} ${before + this.#done}/${total}`, ...pace, ...eta, ...details()].join(" · ");
  }

  #tick(): void {
    const now = this.#now();
    if (now < this.#nextAt) return;
    if (this.#status.live) {
      this.#nextAt = now + liveEveryMs;
      this.#status.show(this.line());
    } else {
      this.#gapMs = Math.min(largestPlainGapMs, this.#gapMs * 2);
      this.#nextAt = now + this.#gapMs;
      this.#status.note(this.line());
    }
  }
}
