import { SameseedError } from "../base/error.ts";
import type { Limits } from "../model/limits.ts";
import type { Receipt } from "../model/receipt.ts";
import { AgentSession } from "./agent/agent-session.ts";
import { Command, type CommandOutputPlan } from "./command.ts";
import type { CommandOptions, CommandResult, SandboxProcess } from "./command-types.ts";
import type { SandboxBackend, SandboxEnd } from "./contract.ts";
import { SandboxFiles } from "./sandbox-files.ts";
import { receiptUnder } from "./receipt-under.ts";
import { packTree, unpackTree } from "./sandbox-tree.ts";
import { sharedBackend } from "./sandbox-host.ts";
import {
  checkCommand,
  completeOptions,
  type CompleteSandboxOptions,
  type SandboxOptions,
} from "./sandbox-options.ts";
import { sealedSettings } from "./world-settings.ts";

/** A sandbox's network, as its limits say it. */
function networkLimit(network: CompleteSandboxOptions["network"]): Pick<Limits, "network"> {
  return network === "none" ? {} : { network };
}

/** What the handle asks for beyond the caller's processes: the agent itself. */
const agentProcesses = 1;

/**
 * Resolves when everything in a sandbox is dead, by whatever: its limits too, and not only its close. With how it ended, or why
 * the host failed it.
 */
export let whenOver: (sandbox: Sandbox) => Promise<SandboxEnd | SameseedError>;

/**
 * Starts a program as `Sandbox.startProcess` does, for a caller that keeps the output itself: the result has none of it.
 * @throws as `Sandbox.startProcess`
 */
export let startPassing: (sandbox: Sandbox, command: string, options: CommandOptions) => SandboxProcess;

/** `SandboxFiles.pack` for an archive that need not be in memory: `take` gets its parts. @throws as `SandboxFiles.pack` */
export let packInto: (
  sandbox: Sandbox,
  take: (part: Buffer) => void,
  options: { readonly most: number; readonly signal?: AbortSignal | undefined },
) => Promise<void>;

/** `SandboxFiles.unpack` of an archive that is read as it is needed. @throws as `SandboxFiles.unpack` */
export let unpackFrom: (
  sandbox: Sandbox,
  archive: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
) => Promise<void>;

/**
 * A fresh, isolated process tree with its own files. It stays open until it is closed.
 *
 * ```ts
 * await using sandbox = await Sandbox.create();
 * await sandbox.files.write("hello.py", "print('hello')");
 * const { exitCode, stdoutText } = await sandbox.run("python3", { args: ["hello.py"] });
 * ```
 */
export class Sandbox implements AsyncDisposable {
  static {
    whenOver = async (sandbox) => await sandbox.#session.whenOver();
    startPassing = (sandbox, command, options) =>
      sandbox.#start(command, options, true, { passed: ["stdout", "stderr"] });
    packInto = async (sandbox, take, { most, signal }) =>
      void (await packTree(sandbox.#session, most, signal, take));
    unpackFrom = async (sandbox, archive, signal) => await unpackTree(sandbox.#session, archive, signal);
  }

  /** Its files. */
  readonly files: SandboxFiles;
  readonly #session: AgentSession;
  readonly #backend: SandboxBackend;
  readonly #options: CompleteSandboxOptions;

  private constructor(session: AgentSession, backend: SandboxBackend, options: CompleteSandboxOptions) {
    this.files = new SandboxFiles(session);
    this.#session = session;
    this.#backend = backend;
    this.#options = options;
  }

  /**
   * Makes a sandbox of an image of the store.
   * @throws `bad_argument`, `image_missing`, `wall_unavailable`, `world_unavailable`, `tool_missing`, `zygote_failed`,
   * `sandbox_failed`, `aborted`
   */
  static async create(options: SandboxOptions = {}): Promise<Sandbox> {
    const complete = completeOptions(options);
    return await Sandbox.createOn(sharedBackend(complete.image, complete.backend, complete.world), options);
  }

  /**
   * Makes a sandbox on a backend of the caller's own; `image` and `backend` of the options say nothing then, and
   * `world` is the backend's.
   * @throws as {@link create}
   */
  static async createOn(backend: SandboxBackend, options: SandboxOptions = {}): Promise<Sandbox> {
    const complete = completeOptions(options);
    const session = await AgentSession.start(backend, {
      limits: {
        wallMs: complete.timeoutMs,
        cpuMs: complete.cpuMs,
        memoryMb: complete.memoryMb,
        processes: complete.processes + agentProcesses,
        diskMb: complete.diskMb,
        outputBytes: Number.MAX_SAFE_INTEGER, // counted for each command
        ...networkLimit(complete.network),
      },
      outputBytes: complete.outputBytes,
      env: complete.env,
      ...(complete.world === "sealed" ? { world: sealedSettings("sandbox", complete.seed) } : {}),
      signal: complete.signal,
    });
    return new Sandbox(session, backend, complete);
  }

  /**
   * Runs a program to its end. It is started exactly once, and a non-zero exit, a signal or a limit is in the result,
   * never thrown. What it leaves running in the background goes on until the sandbox is closed, with its output dropped.
   * @param command a path or a name looked up in `PATH`, not a shell's line; for one: `run("sh", { args: ["-c", line] })`
   * @throws `bad_argument`, `aborted`, `sandbox_closed`, `sandbox_ended` where it was over before, `sandbox_failed`
   */
  async run(command: string, options: CommandOptions = {}): Promise<CommandResult> {
    return await this.#start(command, options, false).wait();
  }

  /**
   * Starts a program and leaves it running. Its input stays open until `end()`, unless `options.input` gives it.
   * Where it cannot be started, {@link SandboxProcess.wait} says so with 127 or 126.
   * @throws `bad_argument`, `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  startProcess(command: string, options: CommandOptions = {}): SandboxProcess {
    return this.#start(command, options, true);
  }

  /** What is enforced. */
  async receipt(): Promise<Receipt> {
    const { timeoutMs, cpuMs, memoryMb, processes, diskMb, outputBytes } = this.#options;
    return receiptUnder(await this.#backend.receipt(), {
      wallMs: timeoutMs,
      cpuMs,
      memoryMb,
      processes,
      diskMb,
      outputBytes,
      ...networkLimit(this.#options.network),
    });
  }

  /** Ends everything in it, and resolves when nothing is left. May be called repeatedly. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(
    command: string,
    options: CommandOptions,
    takesInput: boolean,
    output: CommandOutputPlan = {},
  ): Command {
    checkCommand(command, options);
    this.#session.checkUsable();
    if (options.signal?.aborted === true)
      throw new SameseedError("aborted", "the command was aborted before it was started");
    return new Command(this.#session, command, options, takesInput, output);
  }
}
