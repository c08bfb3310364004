import { nowMs } from "../../base/clock.ts";
import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { CommandOptions, CommandResult, SandboxProcess } from "../../sandbox/command-types.ts";
import { type Sandbox, startPassing } from "../../sandbox/sandbox.ts";
import type { ByteRoom } from "../byte-room.ts";
import { asServerError } from "../http/reply.ts";
import { OutputLog } from "./output-log.ts";

/** A command and arguments of more characters are forgotten with the output. */
const toldMost = 4096;
/** The most bytes of input that may wait for a process to read them. */
const waitingBytesMost = 32 * 1024 * 1024;

/** How a process ended, without its output. */
export type ProcessResult = Omit<CommandResult, "stdout" | "stderr" | "stdoutText" | "stderrText">;

/** What is told of a process. */
export interface ProcessView {
  readonly process: string;
  readonly state: "running" | "ended";
  readonly command: string;
  readonly args: readonly string[];
  /** Bytes of output so far: the offset after the last. */
  readonly outputBytes: number;
  /** Bytes of input taken so far: the offset of the next. */
  readonly inputBytes: number;
  readonly result: ProcessResult | null;
  /** Why there is no result, where its sandbox failed or was closed. */
  readonly error: Record<string, unknown> | null;
}

/** How a process of the server's is started. */
export type StartOptions = Omit<CommandOptions, "onStdout" | "onStderr" | "signal" | "input"> & {
  /** Its whole standard input. @default none: it stays open */
  readonly input?: string | Uint8Array;
};

/** A process of a sandbox, and what it wrote. */
export class ServedProcess {
  readonly id: string;
  readonly output: OutputLog = new OutputLog();
  /** When it began, in ms since 1970. */
  readonly startedAtMs: number = nowMs();
  /** Resolves when it has ended, whatever came of it. */
  readonly ended: Promise<void>;
  #command: string;
  #args: readonly string[];
  /** How many characters the two have, where they are many. */
  #long: number;
  readonly #process: SandboxProcess;
  #result: ProcessResult | null = null;
  #error: SameseedError | undefined;
  #inputBytes = 0;
  #isInputClosed: boolean;
  #endedAtMs: number | undefined;
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  /**
   * Starts a process.
   * @param inputs what its input takes room of until it is read
   * @throws as `Sandbox.startProcess`; `server_full` where the inputs of others take the room
   */
  constructor(
    id: string,
    sandbox: Sandbox,
    command: string,
    { input, ...options }: StartOptions,
    inputs: ByteRoom,
  ) {
    this.id = id;
    this.#command = command;
    this.#args = [...(options.args ?? [])];
    const length = this.#args.reduce((sum, arg) => sum + arg.length, command.length);
    this.#long = length > toldMost ? length : 0;
    this.#isInputClosed = input !== undefined;
    const bytes = input === undefined || typeof input === "string" ? Buffer.from(input ?? "") : input;
    inputs.take(this, bytes.length);
    try {
      this.#process = startPassing(sandbox, command, {
        ...options,
        ...(input === undefined ? {} : { input: readInput(bytes, () => inputs.release(this)) }),
        onStdout: (data) => this.output.push("stdout", data),
        onStderr: (data) => this.output.push("stderr", data),
      });
    } catch (error) {
      inputs.release(this);
      throw error;
    }
    this.ended = this.#process
      .wait()
      .then(
        (result) => this.#end(result),
        (error: unknown) => this.#fail(error),
      )
      .finally(() => inputs.release(this));
  }

  /** When it ended, in ms since 1970; undefined while it runs. */
  get endedAtMs(): number | undefined {
    return this.#endedAtMs;
  }

  /** How many bytes are kept of it: its output, and a long command and arguments. */
  get keptBytes(): number {
    return this.output.keptBytes + this.#long;
  }

  /** Whether it has ended, so that it may be forgotten. */
  get isEnded(): boolean {
    return this.output.isEnded;
  }

  /** Forgets its output; of a long command its end, and its arguments. */
  drop(): void {
    this.output.drop();
    if (this.#long === 0) return;
    this.#long = 0;
    // A copy: a part of a text holds all of it.
    this.#command = Buffer.from(this.#command.slice(0, toldMost)).toString();
    this.#args = [];
  }

  /** Whether its standard input takes more. */
  get takesInput(): boolean {
    return !this.#isInputClosed && !this.output.isEnded;
  }

  get view(): ProcessView {
    return {
      process: this.id,
      state: this.output.isEnded ? "ended" : "running",
      command: this.#command,
      args: this.#args,
      outputBytes: this.output.bytes,
      inputBytes: this.#inputBytes,
      result: this.#result,
      error: this.#error === undefined ? null : this.#error.toJSON(),
    };
  }

  /** Waits for its result. @throws what kept it from having one */
  async result(): Promise<ProcessResult> {
    await this.ended;
    if (this.#result === null) throw this.#error ?? new SameseedError("internal", "a process has no result");
    return this.#result;
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /**
   * Writes to its standard input what was not written yet: bytes from an offset on, which may overlap what came before.
   * @returns the offset after the last byte
   * @throws `bad_argument` where bytes would be left out, or the input is closed; `server_full` where too many wait
   */
  async write(from: number, data: Uint8Array, close: boolean): Promise<number> {
    await this.#inTurn(data, async () => await this.#writeInTurn(from, data, close));
    return this.#inputBytes;
  }

  /** Writes behind what was written before, whatever that is. @throws as {@link write} */
  async append(data: Uint8Array, close: boolean): Promise<void> {
    await this.#inTurn(data, async () => await this.#writeInTurn(this.#inputBytes, data, close));
  }

  async #inTurn({ length }: Uint8Array, work: () => Promise<void>): Promise<void> {
    // One write may be larger than the bound: it is the server's for a body that holds then.
    if (this.#waitingBytes > 0 && this.#waitingBytes + length > waitingBytesMost)
      throw new SameseedError("server_full", `${this.#waitingBytes} bytes of input wait to be read`, {
        hint: "send more when the process has read what was sent: wait for the answer to each write",
        context: { retryAfter: 1 },
      });
    this.#waitingBytes += length;
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => {});
    try {
      await turn;
    } finally {
      this.#waitingBytes -= length;
    }
  }

  async #writeInTurn(from: number, data: Uint8Array, close: boolean): Promise<void> {
    if (from > this.#inputBytes)
      throw new SameseedError("bad_argument", `the input has ${this.#inputBytes} bytes so far, not ${from}`, {
        hint: "send from the offset that the last answer told",
        context: { inputBytes: this.#inputBytes },
      });
    const fresh = data.subarray(Math.min(data.length, this.#inputBytes - from));
    if (this.#isInputClosed) {
      if (fresh.length === 0) return;
      throw new SameseedError("bad_argument", "the standard input is closed");
    }
    this.#inputBytes += fresh.length;
    if (fresh.length > 0) await Promise.race([this.#process.write(fresh), this.ended]);
    if (!close) return;
    this.#isInputClosed = true;
    await Promise.race([this.#process.end(), this.ended]);
  }

  #end(result: CommandResult): void {
    const { exitCode, signal, timedOut, memoryExceeded, outputTruncated, cpuMs, wallMs } = result;
    const { peakMemoryBytes, startError, sandboxEnded } = result;
    this.#result = {
      exitCode,
      signal,
      timedOut,
      memoryExceeded,
      outputTruncated,
      cpuMs,
      wallMs,
      peakMemoryBytes,
      startError,
      sandboxEnded,
    };
    this.#endedAtMs = nowMs();
    this.output.end();
  }

  #fail(error: unknown): void {
    this.#error = isSameseedError(error) ? error : asServerError(error);
    this.#endedAtMs = nowMs();
    this.output.end();
  }
}

/** An input as one part, and what is done when it was read or nobody reads it any more. */
async function* readInput(
  bytes: Uint8Array,
  onRead: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield await Promise.resolve(bytes);
  } finally {
    onRead();
  }
}
