/** Into how many parts a time is cut: a process that was stopped, or a machine that slept, loses one of them. */
const parts = 8;

/**
 * The two times of a rollout whose caller answers: how long the caller takes for an answer, and how long the referee says
 * nothing while it is at work. One timer for each looks every now and then, because starting one for every step would
 * show; so both are noticed up to an eighth late. Neither keeps the process running.
 */
export class CallerClock {
  readonly #idle: Watch;
  readonly #hung: Watch;

  constructor(
    idleMs: number,
    wallMs: number,
    { onIdle, onHung }: { readonly onIdle: () => void; readonly onHung: () => void },
  ) {
    this.#idle = new Watch(idleMs, onIdle);
    this.#hung = new Watch(wallMs, onHung);
  }

  /** The caller is asked. */
  wait(): void {
    this.#hung.rest();
    this.#idle.begin();
  }

  /** The referee is at work. */
  work(): void {
    this.#idle.rest();
    this.#hung.begin();
  }

  /** The rollout is over. */
  stop(): void {
    this.#idle.stop();
    this.#hung.stop();
  }
}

/** Counts the parts of a time that pass while it runs. */
class Watch {
  readonly #partMs: number;
  readonly #onOver: () => void;
  #timer: NodeJS.Timeout | undefined;
  #passed = 0;
  #isResting = true;
  #isStopped = false;

  constructor(ms: number, onOver: () => void) {
    this.#partMs = Math.max(1, Math.ceil(ms / parts));
    this.#onOver = onOver;
  }

  begin(): void {
    this.#passed = 0;
    this.#isResting = false;
    if (this.#timer === undefined && !this.#isStopped) this.#look();
  }

  rest(): void {
    this.#isResting = true;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // The part in which it began was not a whole one.
      if (!this.#isResting && this.#passed++ === parts) this.#onOver();
      else if (!this.#isStopped && !this.#isResting) this.#look();
    }, this.#partMs).unref();
  }
}
