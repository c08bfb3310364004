import type { EndCause } from "./contract.ts";

/** How a command is started. */
export interface CommandOptions {
  /** Its arguments; no shell interprets them. @default none */
  readonly args?: readonly string[];
  /** Added to the sandbox's environment for this command. @default nothing */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. @default `/tmp` */
  readonly cwd?: string;
  /** Its standard input; parts of an iterable are sent as the command reads. @default empty, closed at once */
  readonly input?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** Wall time in ms, after which it and its children are killed. @default the sandbox's own */
  readonly timeoutMs?: number;
  /** Kills it; the call then rejects with `aborted`, once it is dead. */
  readonly signal?: AbortSignal;
  /** Called with each chunk of standard output; the caller owns the bytes. */
  readonly onStdout?: (data: Buffer) => void;
  /** Called with each chunk of standard error; the caller owns the bytes. */
  readonly onStderr?: (data: Buffer) => void;
}

/** How a command ended. */
export interface CommandResult {
  /** Its exit status; null if a signal ended it. As in shells, 127 where it was not found and 126 where it could not be started. */
  readonly exitCode: number | null;
  /** The signal that ended it, such as `SIGKILL`; null if it exited. */
  readonly signal: NodeJS.Signals | null;
  /** Exactly the bytes it wrote. `${result.stdout}` is their text. */
  readonly stdout: Buffer;
  /** Exactly the bytes it wrote. `${result.stderr}` is their text. */
  readonly stderr: Buffer;
  /** {@link stdout} as UTF-8. */
  readonly stdoutText: string;
  /** {@link stderr} as UTF-8. */
  readonly stderrText: string;
  /** Whether it was ended by its `timeoutMs`, or with its sandbox by the sandbox's wall or CPU time. */
  readonly timedOut: boolean;
  /**
   * Whether memory ran out: the kernel ended a process of the sandbox for want of it, or the command failed and said so
   * on standard error (`MemoryError`, `bad_alloc`, `Cannot allocate memory`). Without control groups only the latter is seen.
   */
  readonly memoryExceeded: boolean;
  /** Whether it wrote more than the sandbox's `outputBytes`; the rest is dropped, and the command is killed. */
  readonly outputTruncated: boolean;
  /** CPU time of it and of those it waited for, in ms; of the whole sandbox where that ended with it. */
  readonly cpuMs: number;
  /** Time from its start to its end, in ms. */
  readonly wallMs: number;
  /** The largest resident size of one process of it, in bytes; never less than the agent's that started it. */
  readonly peakMemoryBytes: number;
  /** Why it could not be started: an errno's name and a sentence. Null if it was. */
  readonly startError: { readonly errno: string; readonly message: string } | null;
  /** The cause, where the whole sandbox ended while it ran; the sandbox is of no more use then. */
  readonly sandboxEnded: EndCause | null;
}

/** A started command, which may still be running. */
export interface SandboxProcess {
  /**
   * Waits for its end; any number of times.
   * @throws `aborted`, `sandbox_closed`, `sandbox_failed`
   */
  wait(): Promise<CommandResult>;
  /**
   * Sends a signal to it and to what it started in its session. `SIGKILL` also reaches what left the session, where no
   * other command runs. Does nothing once it has ended.
   * @default SIGKILL
   * @throws `bad_argument` where Linux has no signal of that name
   */
  kill(signal?: NodeJS.Signals): void;
  /**
   * Writes to its standard input; resolves when more can be written. Input that the command no longer reads is dropped.
   * @throws `bad_argument` where it is neither text nor bytes
   */
  write(data: string | Uint8Array): Promise<void>;
  /** Closes its standard input after what was written. */
  end(): Promise<void>;
}
