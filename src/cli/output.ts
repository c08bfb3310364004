import { SameseedError, systemErrorCode } from "../base/error.ts";
import { safeText } from "./render/safe-text.ts";

/** Whoever read standard output has gone, as `head` does: nothing went wrong, and there is nobody to tell. */
export class OutputClosedError extends Error {
  constructor() {
    super("standard output was closed");
    this.name = "OutputClosedError";
  }
}

/** Standard output: waits for slow readers, and knows when they have gone. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  readonly #onFailure: () => void;
  #failure: Error | undefined;
  #started = false;

  /** @param onFailure called once, when nothing more can be written */
  constructor(stream: NodeJS.WriteStream, onFailure: () => void) {
    this.#stream = stream;
    this.#onFailure = onFailure;
    stream.on("error", (error) => this.#fail(error));
  }

  /** Whether anything was written. */
  get started(): boolean {
    return this.#started;
  }

  /** Why nothing can be written any more: the reader has gone, or for example the disk is full. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Characters on a line; undefined if nothing limits them. */
  get columns(): number | undefined {
    return this.#stream.isTTY ? this.#stream.columns : undefined;
  }

  /**
   * Writes text, made safe for a terminal, or bytes as they are; resolves when more may come.
   * @throws {OutputClosedError} when the reader has gone; `io_failed` or `disk_full` when it cannot be written
   */
  async write(data: string | Uint8Array): Promise<void> {
    this.#check();
    if (data.length === 0) return;
    this.#started = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    // An error comes to the listener above; the callback then comes with it, so this never waits for ever.
    const safe = typeof data === "string" ? safeText(data, true) : data;
    const hasRoom = this.#stream.write(safe, () => resolve());
    if (!hasRoom) await promise;
    this.#check();
  }

  /** Writes lines; a line feed inside one of them is written as an escape, so that no name or message makes another line. */
  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(lines.map((line) => `${line.replaceAll("\n", "\\n")}\n`).join(""));
  }

  /**
   * Waits until everything was handed to the system.
   * @throws as {@link write}
   */
  async flush(): Promise<void> {
    if (this.#failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stream.write("", () => resolve());
      await promise;
    }
    this.#check();
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    const code = systemErrorCode(error);
    const isFull = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
    this.#failure =
      code === "EPIPE"
        ? new OutputClosedError()
        : new SameseedError(
            isFull ? "disk_full" : "io_failed",
            `standard output cannot be written: ${error.message}`,
            { hint: "write to another file, or free some space", cause: error },
          );
    this.#onFailure();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
