import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { FleetWorkerOptions } from "../../src/fleet/worker/fleet-worker.ts";

/** How a worker of a test is started. */
export interface HostOptions extends FleetWorkerOptions {
  /** Whether it gives other rollouts than its seeds say: all of them, or those of one seed in a hundred. */
  readonly lies?: boolean | "some";
}

/** A worker in processes of its own, as a host of a fleet has one. */
export class Host implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** The process of its queue client. */
  readonly agent: number;
  readonly pid: number;

  private constructor(child: ChildProcess, { pid, agent }: { readonly pid: number; readonly agent: number }) {
    this.#child = child;
    this.pid = pid;
    this.agent = agent;
  }

  /** @param enter what its command line begins with, to run it elsewhere */
  static async start(options: HostOptions, enter: readonly string[] = []): Promise<Host> {
    const program = join(import.meta.dirname, "worker-program.ts");
    const [command = "", ...args] = [...enter, process.execPath, program, JSON.stringify(options)];
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: string[] = [];
    child.stderr.on("data", (data: Buffer) => said.push(data.toString()));
    const line = await Promise.race([
      once(child.stdout, "data").then(([data]) => String(data)),
      once(child, "exit").then(() => Promise.reject(new Error(`the worker ended: ${said.join("")}`))),
    ]);
    return new Host(child, JSON.parse(line) as { pid: number; agent: number });
  }

  /** Whether it ended, and how. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return signalCode ?? exitCode!;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const [code, by] = (await ended) as [number | null, NodeJS.Signals | null];
    return by ?? code!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}
