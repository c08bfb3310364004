import { SameseedError } from "../../base/error.ts";
import { notCopyable } from "./frozen-copy.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

/** Each has a warm interpreter of its own. */
const treesMost = 64;
const prepareDelayMs = 250;

/**
 * Zygotes for trees: one is kept warm, because an outer wall and a warm-up take 0.1 s and more. It is made when the first
 * tree was opened, and anew whenever it was taken.
 */
export class TreePool {
  readonly #start: () => Promise<ZygoteProcess>;
  readonly #open: Set<ZygoteProcess> = new Set();
  #spare: Promise<ZygoteProcess | undefined> | undefined;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(start: () => Promise<ZygoteProcess>) {
    this.#start = start;
  }

  /** A zygote for one tree. */
  async take(): Promise<ZygoteProcess> {
    const spare = this.#spare;
    this.#spare = undefined;
    const zygote = (await spare) ?? (await this.#start());
    if (!zygote.alive) return await this.take();
    if (this.#closed || this.#open.size >= treesMost) {
      await zygote.close();
      if (this.#closed) throw new SameseedError("sandbox_closed", "the sandbox host was closed");
      throw notCopyable(`${treesMost} trees are open`, "close rollouts that were branched");
    }
    this.#open.add(zygote);
    void zygote.exited.then(() => this.#open.delete(zygote));
    this.#prepareSoon();
    return zygote;
  }

  /** Has one ready ahead of need. */
  async warm(): Promise<void> {
    await (this.#spare ??= this.#prepare());
  }

  /** Those that were taken and stand. */
  get zygotes(): readonly ZygoteProcess[] {
    return [...this.#open];
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const spare = await this.#spare;
    await Promise.all([...this.#open, ...(spare === undefined ? [] : [spare])].map((each) => each.close()));
  }

  /** Not at once: it would take the processors from the tree that was just opened. */
  #prepareSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void (this.#spare ??= this.#prepare()), prepareDelayMs).unref();
  }

  /** Whoever takes the spare that failed starts one itself, and is told why that fails. */
  async #prepare(): Promise<ZygoteProcess | undefined> {
    try {
      return await this.#start();
    } catch {
      return undefined;
    }
  }
}
