import { spawn } from "node:child_process";
import { SameseedError } from "../base/error.ts";

/** What a finished host program left behind. */
export interface ToolResult {
  /** The exit code; 128 + the signal's number is not used: a signal is -1. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a host program. */
export interface ToolOptions {
  readonly cwd?: string;
  /** The whole environment. @default {@link cleanEnvironment} */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables on top of that. */
  readonly extraEnv?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The caller's environment without what changes how Python, the loader or the compiler behave.
 * Proxy and pip settings stay: they say where packages come from, which hashes make irrelevant to the result.
 */
function cleanEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (
      value === undefined ||
      /^(PYTHON|LD_|VIRTUAL_ENV|LC_|LANG|GCC_|CPATH|C_INCLUDE|LIBRARY_PATH)/.test(name)
    )
      continue;
    kept[name] = value;
  }
  return {
    ...kept,
    LC_ALL: "C.UTF-8",
    PYTHONHASHSEED: "0",
    PYTHONDONTWRITEBYTECODE: "1",
    SOURCE_DATE_EPOCH: "0",
  };
}

/**
 * Runs a host program to its end; a non-zero exit is returned, not thrown.
 *
 * @throws {SameseedError} `tool_missing` when it cannot be started, `aborted` when the signal ended it.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  throwIfAborted(options.signal);
  const { promise, resolve, reject } = Promise.withResolvers<ToolResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...(options.env ?? cleanEnvironment()), ...options.extraEnv },
    stdio: ["ignore", "pipe", "pipe"],
    signal: options.signal,
    killSignal: "SIGKILL",
  });
  child.on("error", (error) => {
    if (options.signal?.aborted !== true) reject(notStarted(command, error));
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  // A process that has no descriptors left gets no streams, only that event.
  const streams: Partial<Pick<typeof child, "stdout" | "stderr">> = child;
  streams.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  streams.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.on("close", (code) => {
    if (options.signal?.aborted === true) {
      reject(new SameseedError("aborted", "the image build was interrupted"));
      return;
    }
    resolve({
      exitCode: code ?? -1,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    });
  });
  return promise;
}

function notStarted(command: string, error: Error): SameseedError {
  return new SameseedError("tool_missing", `${command} could not be started: ${error.message}`, {
    cause: error,
    hint: /EMFILE|ENFILE|EAGAIN|ENOMEM/.test(error.message)
      ? "this process reached a limit on open files, processes or memory: raise it (`ulimit -a` lists the limits)"
      : "check that it is installed and executable",
  });
}

/**
 * Ends the work when its signal has fired.
 *
 * @throws {SameseedError} `aborted`.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SameseedError("aborted", "the image build was interrupted");
}

/** The end of a program's output, as much as a person reads. */
export function lastLines(text: string, count = 12): string {
  return text.trim().split("\n").slice(-count).join("\n");
}
