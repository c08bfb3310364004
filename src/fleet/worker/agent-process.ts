import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { isSameseedError, SameseedError, toError } from "../../base/error.ts";
import type { ChunkWork, Lanes, LanesOptions } from "../queue/dispatcher.ts";
import { beatMs, type Leases } from "../queue/queue-names.ts";
import type { FromAgent, ToAgent } from "./agent-messages.ts";

/** How an {@link AgentProcess} works. */
export interface AgentOptions {
  readonly url: string;
  readonly note: LanesOptions["note"];
  readonly images: () => readonly string[];
  readonly work: ChunkWork;
  readonly leases?: Leases | undefined;
  readonly onLog: (line: string) => void;
}

/** How long after an agent died the next one is started, at first and at most. */
const restartMs = { first: 200, most: 10_000 };

/** The queue's client in a process of its own, which is started again where it dies. */
export class AgentProcess implements Lanes {
  readonly #options: AgentOptions;
  readonly #running = new Map<number, AbortController>();
  #child: ChildProcess;
  #ending = false;
  #restartMs = restartMs.first;
  #timer: NodeJS.Timeout | undefined;
  readonly #beat: NodeJS.Timeout;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#child = this.#start();
    this.#beat = setInterval(() => this.#say({ kind: "alive" }), beatMs);
  }

  /** The process's number; a test kills it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get busy(): number {
    return this.#running.size;
  }

  /** Tells the queue which images are here now. */
  announce(): void {
    this.#say({ kind: "images", images: this.#options.images() });
  }

  async drain(): Promise<void> {
    await this.#end({ kind: "drain" });
  }

  async close(): Promise<void> {
    await this.#end({ kind: "leave" });
  }

  async #end(message: ToAgent): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    // While it drains it has to hear that somebody is there.
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      this.#say(message);
      await ended;
    }
    clearInterval(this.#beat);
  }

  /** Ends the agent at once; what it had goes to another host when its lease runs out. */
  kill(): void {
    this.#ending = true;
    clearInterval(this.#beat);
    this.#child.kill("SIGKILL");
  }

  #start(): ChildProcess {
    const { url, note, images, leases, onLog } = this.#options;
    const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const program = fileURLToPath(new URL(`./queue-agent.${ending}`, import.meta.url));
    const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
    child.on("message", (message) => this.#hear(message as FromAgent));
    child.on("error", () => {});
    child.on("exit", (code, signal) => {
      for (const stop of this.#running.values()) stop.abort();
      if (this.#ending) return;
      onLog(`the queue's client ended (${signal ?? code}); another one starts`);
      this.#timer = setTimeout(() => (this.#child = this.#start()), this.#restartMs);
      this.#restartMs = Math.min(2 * this.#restartMs, restartMs.most);
    });
    child.send({
      kind: "start",
      url,
      note,
      images: images(),
      ...(leases === undefined ? {} : { leases }),
    } satisfies ToAgent);
    return child;
  }

  #hear(message: FromAgent): void {
    if (message.kind === "stop") this.#running.get(message.number)?.abort();
    else if (message.kind === "wedged")
      this.#options.onLog("the queue's client took nothing; it was made anew");
    else void this.#run(message);
  }

  async #run({ number, chunk }: Extract<FromAgent, { readonly kind: "run" }>): Promise<void> {
    const stop = new AbortController();
    this.#running.set(number, stop);
    const child = this.#child;
    let answer: ToAgent;
    try {
      const report = await this.#options.work(chunk, stop.signal);
      answer = { kind: "done", number, report };
      this.#restartMs = restartMs.first;
    } catch (thrown) {
      const error = isSameseedError(thrown) ? thrown : new SameseedError("internal", toError(thrown).message);
      answer = { kind: "failed", number, error: error.toJSON() };
    }
    if (this.#running.get(number) === stop) this.#running.delete(number);
    if (child === this.#child) this.#say(answer);
  }

  #say(message: ToAgent): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
