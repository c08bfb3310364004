/*
 * The stream of a sandbox that asks its host. Its slot makes it and hands it over (`native/zygote/streams.c`), and nobody
 * carries it: a question wakes this process only, and an answer the sandbox only.
 *
 * Whoever is asked also counts the wall time, by the slot's rule (`native/zygote/limits.c`): what lies between a word and its
 * answer is not the sandbox's. Time counts only while this process waits for something to happen. When it computes, it
 * does not see what was said meanwhile, and nobody is charged for that.
 */
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";

/** Into how many parts the wall time is cut: a process that was stopped, or a machine that slept, counts as one of them. */
const parts = 8;
/** After how many looks of the event loop at all descriptors nothing is left in a stream whose writers are dead. */
const looksMost = 3;

/** What a direct stream tells. */
export interface DirectEvents {
  readonly onData: (data: Buffer) => void;
  /** The wall time is over. */
  readonly onWall: () => void;
}

/** A sandbox's own stream to its host, and the sandbox's wall time. */
export class DirectStream {
  readonly #run: number;
  readonly #events: DirectEvents;
  readonly #clock: WallClock;
  #socket: Socket | undefined;
  #received = 0;

  constructor({ run, wallMs }: { readonly run: number; readonly wallMs: number }, events: DirectEvents) {
    this.#run = run;
    this.#events = events;
    this.#clock = new WallClock(wallMs, events.onWall);
  }

  /** Takes the stream that comes under that number, if it is this one's. */
  adopt(run: number, socket: Socket): void {
    if (run !== this.#run || this.#socket !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    // What keeps this process running is the slot's stream.
    socket.unref();
    socket.on("error", () => {}); // the sandbox is gone, and its slot says how
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.length;
      this.#clock.say();
      this.#events.onData(chunk);
    });
  }

  send(data: Uint8Array): void {
    this.#socket?.write(data);
  }

  answer(data: Uint8Array): void {
    this.#clock.answer();
    this.#socket?.write(data);
  }

  endInput(): void {
    this.#clock.answer();
    this.#socket?.end();
  }

  /**
   * Calls back when everything is told that the sandbox, which is dead, has sent: at the stream's end, or where a copy of
   * the sandbox's end is still about somewhere, when this process has looked and found nothing.
   * @param whole told whether there was a stream at all
   */
  drain(whole: (isThere: boolean) => void): void {
    let seen = this.#received;
    let looks = 0;
    const look = (): void => {
      looks = this.#received === seen ? looks + 1 : 0;
      seen = this.#received;
      if (this.#socket?.readableEnded === true || looks === looksMost) {
        const isThere = this.#socket !== undefined;
        this.close();
        whole(isThere);
      } else setImmediate(look);
    };
    look();
  }

  close(): void {
    this.#clock.stop();
    this.#socket?.destroy();
  }
}

/** Counts the wall time of a sandbox, but for the time in which it waits for an answer. */
class WallClock {
  readonly #wallMs: number;
  readonly #partMs: number;
  readonly #onOver: () => void;
  #timer: NodeJS.Timeout;
  #mark = idleMs();
  #used = 0;
  /** Since the last word or answer. */
  #since = 0;
  /** Something was said, and may be a question. */
  #mayWait = false;
  #isStopped = false;

  constructor(wallMs: number, onOver: () => void) {
    this.#wallMs = wallMs;
    this.#partMs = Math.max(1, Math.ceil(wallMs / parts));
    this.#onOver = onOver;
    this.#timer = this.#arm();
  }

  say(): void {
    this.#count();
    this.#used += this.#since;
    this.#since = 0;
    this.#mayWait = true;
  }

  answer(): void {
    this.#mark = idleMs();
    this.#since = 0;
    this.#mayWait = false;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #count(): void {
    const now = idleMs();
    this.#since += Math.min(now - this.#mark, this.#partMs);
    this.#mark = now;
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#look(), this.#partMs).unref();
  }

  #look(): void {
    if (this.#isStopped) return;
    this.#count();
    if (this.#used + (this.#mayWait ? 0 : this.#since) >= this.#wallMs) this.#onOver();
    else this.#timer = this.#arm();
  }
}

/** For how long this process has waited for something to happen. */
function idleMs(): number {
  return performance.nodeTiming.idleTime;
}
