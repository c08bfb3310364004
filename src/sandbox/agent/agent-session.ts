import { SameseedError, toError } from "../../base/error.ts";
import { whenBorn } from "../when-born.ts";
import type { WorldSettings } from "../world-settings.ts";
import type { Job, OutputChannel, RunningSandbox, SandboxBackend, SandboxEnd } from "../contract.ts";
import type { Limits } from "../../model/limits.ts";
import { AgentClient } from "./agent-client.ts";
import { exitNoMemory } from "./wire.ts";

/** How an agent's sandbox is started. */
export interface SessionOptions {
  readonly limits: Limits;
  /** Bytes of output one command may write. */
  readonly outputBytes: number;
  readonly env: Readonly<Record<string, string>>;
  /** The sealed world it begins. */
  readonly world?: WorldSettings;
  readonly signal?: AbortSignal | undefined;
}

/** One sandbox with an agent in it, from its birth to its end. */
export class AgentSession {
  readonly client: AgentClient;
  readonly running: RunningSandbox;
  readonly outputBytes: number;
  #holders = 0;
  #isClosed = false;
  #end: SandboxEnd | SameseedError | undefined;
  readonly #over: Promise<SandboxEnd | SameseedError>;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    client: AgentClient,
    running: RunningSandbox,
    options: SessionOptions,
    broken: () => SameseedError | undefined,
  ) {
    this.client = client;
    this.running = running;
    this.outputBytes = options.outputBytes;
    this.#signal = options.signal;
    const over = running.ended.then((end) => broken() ?? agentEnd(end), asSameseedError);
    this.#over = over.then((end) => {
      this.#end = end;
      client.lose();
      return end;
    });
    running.unref();
  }

  /**
   * Starts a sandbox and waits until its wall stands.
   * @throws what {@link SandboxBackend.start} throws
   */
  static async start(backend: SandboxBackend, options: SessionOptions): Promise<AgentSession> {
    const client = new AgentClient((data) => running?.send(data));
    let broken: SameseedError | undefined;
    const onOutput = (_member: number, channel: OutputChannel, data: Buffer): void => {
      if (channel !== "stream" || broken !== undefined) return;
      try {
        client.receive(data);
      } catch (error) {
        broken = asSameseedError(error);
        running?.kill();
      }
    };
    const [running] = await backend.start({
      members: [{ job: agentJob(options), limits: options.limits }],
      links: [],
      onOutput,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (running === undefined) throw new SameseedError("internal", "a backend started nothing");
    await whenBorn(running, options.signal);
    return new AgentSession(client, running, options, () => broken);
  }

  /** Keeps this process running while something is waited for; give back with {@link release}. */
  hold(): void {
    if (this.#holders++ === 0) this.running.ref();
  }

  /** Gives a {@link hold} back: an idle sandbox lets the process end. */
  release(): void {
    if (--this.#holders === 0) this.running.unref();
  }

  /** Resolves when everything in the sandbox is dead, with how it ended or why the host failed it. */
  async whenOver(): Promise<SandboxEnd | SameseedError> {
    return await this.#over;
  }

  /** Refuses a call that nothing could answer. @throws `sandbox_closed`, `sandbox_ended`, `aborted`, `sandbox_failed` */
  checkUsable(): void {
    if (this.#isClosed || this.#end !== undefined) throw this.refusal();
  }

  /** Why the sandbox takes no more calls. */
  refusal(): SameseedError {
    if (this.#isClosed) return new SameseedError("sandbox_closed", "the sandbox was closed");
    if (this.#signal?.aborted === true)
      return new SameseedError("aborted", "the sandbox was ended by its signal");
    if (this.#end instanceof SameseedError) return this.#end;
    const cause = this.#end?.cause ?? "killed";
    return new SameseedError("sandbox_ended", `the sandbox has ended: ${endings[cause]}`, {
      context: { cause },
      hint: "create another one; a sandbox cannot be restarted",
    });
  }

  /** Ends the sandbox and waits until nothing of it is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.hold();
    this.running.kill();
    await this.#over;
    this.release();
  }
}

function agentJob({ env, world }: SessionOptions): Job {
  return { entry: "agent", files: [], env, ...(world === undefined ? {} : { world }) };
}

const endings: Readonly<Record<SandboxEnd["cause"], string>> = {
  own: "its first process ended",
  killed: "it was killed",
  wall: "it reached its wall time",
  cpu: "it reached its CPU time",
  memory: "it ran out of memory",
  output: "it sent too much",
};

/** What ends an agent is in its own sandbox: its memory, or what its commands did to it. */
function agentEnd(end: SandboxEnd): SandboxEnd {
  return end.cause === "own" && end.exitCode === exitNoMemory ? { ...end, cause: "memory" } : end;
}

function asSameseedError(value: unknown): SameseedError {
  if (value instanceof SameseedError) return value;
  return new SameseedError("sandbox_failed", toError(value).message, { cause: value });
}
