import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { startPatience } from "../base/patience.ts";
import { agentErrorSchema, parseAgentJson, type AgentRequest } from "./agent/agent-client.ts";
import type { AgentSession } from "./agent/agent-session.ts";
import type { AgentMessageName } from "./agent/wire.ts";
import { CommandOutput } from "./command-output.ts";
import type { CommandOptions, CommandResult, SandboxProcess } from "./command-types.ts";
import type { SandboxEnd } from "./contract.ts";
import { bytesToWrite } from "./file-options.ts";
import { numberOfSignal, signalOfStatus } from "./linux/signal-name.ts";

/**
 * How long an agent may say nothing while a command that was killed is not reported dead, in ms; a loaded machine needs some of it.
 * Then its whole sandbox is ended, with whatever else runs there.
 */
const killGraceMs = 5_000;
/** How many such times one that does say something gets: it may be slow, or say what its programs make it say. */
const killGraces = 4;

const exitedSchema: z.ZodType<Exited> = z.object({
  status: z.int(),
  user: z.number(),
  system: z.number(),
  rss: z.number(),
  ms: z.number(),
});
interface Exited {
  /** As `waitpid` gives it. */
  readonly status: number;
  readonly user: number;
  readonly system: number;
  readonly rss: number;
  readonly ms: number;
}

/** What becomes of a command's output. */
export interface CommandOutputPlan {
  readonly most?: number;
  readonly passed?: readonly ("stdout" | "stderr")[];
}

/** One command from the call to its end. */
export class Command implements SandboxProcess {
  readonly #session: AgentSession;
  readonly #command: string;
  readonly #cwd: string;
  readonly #signal: AbortSignal | undefined;
  readonly #output: CommandOutput;
  readonly #result: PromiseWithResolvers<CommandResult> = Promise.withResolvers();
  readonly #request: AgentRequest;
  readonly #calledAt: number = performance.now();
  readonly #oomKillsBefore: number;
  #deadline: NodeJS.Timeout | undefined;
  #stopWaiting: (() => void) | undefined;
  #isTimedOut = false;
  /** Why the caller gets an error and not a result, once the command is dead. */
  #refusal: unknown;

  /**
   * Starts it.
   * @param takesInput whether its input stays open until {@link end}
   * @param output how much it may write, by default as every command of its sandbox; and of which streams the result has
   * nothing, because only the handlers get them
   */
  constructor(
    session: AgentSession,
    command: string,
    options: CommandOptions,
    takesInput: boolean,
    { most = session.outputBytes, passed = [] }: CommandOutputPlan = {},
  ) {
    this.#session = session;
    this.#command = command;
    // Whoever holds a process need not hold what it was started with: its input may be large.
    this.#cwd = options.cwd ?? "/tmp";
    this.#signal = options.signal;
    const { onStdout, onStderr } = options;
    this.#output = new CommandOutput(most, { onStdout, onStderr }, passed);
    this.#oomKillsBefore = session.running.oomKills() ?? 0;
    this.#result.promise.catch(() => {}); // who does not wait for it does not want to know
    session.hold();
    const argv = [command, ...(options.args ?? [])];
    const payload = { argv, cwd: this.#cwd, env: options.env ?? {} };
    this.#request = session.client.request("run", payload, {
      onMessage: (name, body) => this.#receive(name, body),
      onLost: () => void session.whenOver().then((end) => this.#lose(end)),
    });
    if (options.timeoutMs !== undefined) {
      this.#deadline = setTimeout(() => {
        this.#isTimedOut = true;
        this.#killForGood();
      }, options.timeoutMs);
    }
    options.signal?.addEventListener("abort", this.#abort, { once: true });
    if (options.input !== undefined) void this.#feed(options.input);
    else if (!takesInput) void this.#request.sendAfterBytes("inputEnd");
  }

  async wait(): Promise<CommandResult> {
    return await this.#result.promise;
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#request.send("signal", { number: numberOfSignal(signal) });
  }

  async write(data: string | Uint8Array): Promise<void> {
    await this.#request.sendBytes("input", bytesToWrite(data, "standard input"));
  }

  async end(): Promise<void> {
    await this.#request.sendAfterBytes("inputEnd");
  }

  readonly #abort = (): void => {
    this.#refuse(new SameseedError("aborted", "the command was aborted"));
  };

  async #feed(input: NonNullable<CommandOptions["input"]>): Promise<void> {
    try {
      if (typeof input === "string" || input instanceof Uint8Array) {
        await this.write(input);
      } else {
        for await (const part of input) {
          if (this.#request.isOver) return;
          await this.write(part);
        }
      }
      await this.end();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #receive(name: AgentMessageName, body: Buffer): void {
    if (name === "stdout" || name === "stderr") this.#take(name, body);
    else if (name === "exited") this.#exit(parseAgentJson(exitedSchema, body));
    else if (name === "error") this.#failToStart(parseAgentJson(agentErrorSchema, body));
  }

  #take(channel: "stdout" | "stderr", data: Buffer): void {
    if (this.#output.isTruncated || this.#refusal !== undefined) return;
    try {
      this.#output.take(channel, data);
    } catch (error) {
      this.#refuse(error); // the caller's own handler threw
    }
    if (this.#output.isTruncated) this.#killForGood();
  }

  #refuse(reason: unknown): void {
    if (this.#request.isOver) return;
    this.#refusal ??= reason;
    this.#killForGood();
  }

  #killForGood(): void {
    this.kill();
    this.#stopWaiting ??= this.#waitForDeath(killGraces);
  }

  #waitForDeath(graces: number): () => void {
    const { client, running } = this.#session;
    const heard = client.heard;
    return startPatience(killGraceMs, () => {
      if (graces > 1 && client.heard > heard) this.#stopWaiting = this.#waitForDeath(graces - 1);
      else running.kill();
    });
  }

  #exit({ status, user, system, rss, ms }: Exited): void {
    const signal = signalOfStatus(status);
    this.#settle({
      exitCode: signal === null ? status >> 8 : null,
      signal,
      cpuMs: (user + system) * 1000,
      wallMs: ms,
      peakMemoryBytes: rss,
      memoryExceeded: this.#wasOutOfMemory(status !== 0),
    });
  }

  #wasOutOfMemory(failed: boolean): boolean {
    if ((this.#session.running.oomKills() ?? 0) > this.#oomKillsBefore) return true;
    return failed && this.#output.saysOutOfMemory;
  }

  #failToStart({ errno, message, about }: { errno: string; message: string; about: string }): void {
    const isMissing = errno === "ENOENT" && about !== this.#cwd;
    this.#settle({
      exitCode: isMissing ? 127 : 126,
      startError: { errno, message: `${about === "" ? this.#command : about}: ${message}` },
    });
  }

  #lose(end: SandboxEnd | SameseedError): void {
    if (end instanceof SameseedError) {
      this.#refusal ??= end;
      this.#settle({});
      return;
    }
    const { cause } = end;
    this.#isTimedOut ||= cause === "wall" || cause === "cpu";
    if (cause === "killed" && !this.#isTimedOut && !this.#output.isTruncated) {
      this.#refusal ??= this.#session.refusal();
    }
    this.#settle({
      signal: "SIGKILL",
      memoryExceeded: cause === "memory",
      sandboxEnded: cause,
      cpuMs: end.cpuMs,
      peakMemoryBytes: end.peakMemoryBytes,
    });
  }

  #settle(known: Partial<CommandResult>): void {
    this.#request.finish();
    clearTimeout(this.#deadline);
    this.#stopWaiting?.();
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#session.release();
    const { stdout, stderr } = this.#output.release();
    if (this.#refusal !== undefined) {
      this.#result.reject(this.#refusal);
      return;
    }
    this.#result.resolve({
      exitCode: null,
      signal: null,
      stdout,
      stderr,
      stdoutText: stdout.toString(),
      stderrText: stderr.toString(),
      timedOut: this.#isTimedOut,
      memoryExceeded: false,
      outputTruncated: this.#output.isTruncated,
      cpuMs: 0,
      wallMs: performance.now() - this.#calledAt,
      peakMemoryBytes: 0,
      startError: null,
      sandboxEnded: null,
      ...known,
    });
  }
}
