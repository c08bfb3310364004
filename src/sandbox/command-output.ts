import type { CommandOptions } from "./command-types.ts";

const outOfMemory = /MemoryError|bad_alloc|Cannot allocate memory|out of memory/i;
/** How much of the end of standard error is looked at for words. */
const tailBytes = 4096;

/** Who hears of output as it comes. */
type Handlers = { readonly [name in "onStdout" | "onStderr"]: CommandOptions[name] };

/** What a command wrote: every byte up to a limit, and what is to be said of it. */
export class CommandOutput {
  readonly #most: number;
  readonly #passed: readonly ("stdout" | "stderr")[];
  readonly #handlers: Handlers;
  readonly #parts: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  #stderrTail: Buffer = Buffer.alloc(0);
  #received = 0;
  #isTruncated = false;

  /** @param passed of which only the handlers get the bytes, and {@link release} has none */
  constructor(most: number, handlers: Handlers, passed: readonly ("stdout" | "stderr")[]) {
    this.#most = most;
    this.#handlers = handlers;
    this.#passed = passed;
  }

  /** Whether there was more than the limit. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Whether standard error ends with a program's words for having found no memory. */
  get saysOutOfMemory(): boolean {
    return outOfMemory.test(this.#stderrTail.toString("latin1"));
  }

  /** Keeps a part; it is copied. */
  take(channel: "stdout" | "stderr", data: Buffer): void {
    const kept = Buffer.from(data.subarray(0, this.#most - this.#received));
    this.#isTruncated = kept.length < data.length;
    this.#received += kept.length;
    if (kept.length === 0) return;
    if (channel === "stderr") {
      const tail = kept.length < tailBytes ? Buffer.concat([this.#stderrTail, kept]) : kept;
      this.#stderrTail = Buffer.from(tail.subarray(-tailBytes));
    }
    const handler = channel === "stdout" ? this.#handlers.onStdout : this.#handlers.onStderr;
    const isKept = !this.#passed.includes(channel);
    if (isKept) this.#parts[channel].push(kept);
    // The handler owns what it gets.
    handler?.(isKept ? Buffer.from(kept) : kept);
  }

  /** Gives everything that is kept, and keeps it no longer. */
  release(): { readonly stdout: Buffer; readonly stderr: Buffer } {
    const { stdout, stderr } = this.#parts;
    const bytes = { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
    stdout.length = stderr.length = 0;
    return bytes;
  }
}
