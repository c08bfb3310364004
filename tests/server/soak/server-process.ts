/* `sameseed serve` in a process of its own, looked at from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  alive,
  descendants,
  groupFolders,
  mounts,
  newMounts,
  type ProcessName,
} from "../../lifecycle/left-behind.ts";
import { call } from "../served.ts";

const main = join(import.meta.dirname, "../../../src/cli/main.ts");
/** A signal collects all garbage, so that what is read afterwards is held. */
const collecting = ["--expose-gc", "--import", "data:text/javascript,process.on('SIGUSR2',()=>gc())"];

/** What must not grow. */
export interface ServerGauges {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Array buffers and other memory outside of the heap that it holds on to. */
  readonly externalBytes: number;
  readonly descriptors: number;
  readonly slotsUsed: number;
  readonly leases: number;
  readonly processes: number;
}

/** A server, its log, and what is below it. */
export class ServerProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly port: number;
  /** Lines of its log that tell of a failure of the server. */
  readonly defects: string[] = [];
  readonly #exited: Promise<unknown[]>;
  readonly #mounts: ReadonlySet<string> = mounts();
  readonly #folder: string | undefined;

  private constructor(child: ChildProcess, port: number, folder: string | undefined) {
    this.child = child;
    this.port = port;
    this.#folder = folder;
    this.#exited = once(child, "exit");
  }

  /** Starts one. @param runs the folder of its runs; without it one that goes with the server */
  static async start(options: readonly string[] = [], runs?: string): Promise<ServerProcess> {
    const folder = runs === undefined ? mkdtempSync(join(tmpdir(), "sameseed-soak-")) : undefined;
    const args = [
      ...collecting,
      main,
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--runs",
      runs ?? join(folder!, "runs"),
      ...options,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let rest = "";
    const early: string[] = [];
    let server: ServerProcess | undefined;
    child.stderr.on("data", (data: Buffer) => {
      const lines = (rest + data.toString()).split("\n");
      rest = lines.pop()!;
      (server?.defects ?? early).push(...lines.filter((line) => !/"level":"(?:info|warn)"/.test(line)));
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    server = new ServerProcess(child, Number(/:(\d+)\s*$/.exec(line.toString())![1]), folder);
    server.defects.push(...early);
    return server;
  }

  /** What it has now; what it says of itself, it says after a request that lets it breathe. */
  async gauges(): Promise<ServerGauges> {
    const text = (await call(this.port, "GET", "/metrics")).bytes.toString();
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    return {
      rssBytes: value("process_resident_memory_bytes"),
      heapBytes: value("nodejs_heap_size_used_bytes"),
      externalBytes: value("nodejs_external_memory_bytes"),
      descriptors: readdirSync(`/proc/${this.child.pid}/fd`).length,
      slotsUsed: value("sameseed_slots_used"),
      leases: value("sameseed_leases"),
      processes: this.below.length,
    };
  }

  /** What it has after its garbage is collected. */
  async held(): Promise<ServerGauges> {
    this.child.kill("SIGUSR2");
    // The signal is taken in a turn of its loop, which a request alone need not wait for.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return await this.gauges();
  }

  /** Waits until nobody has anything open. @returns whether that came within so many ms */
  async isIdle(withinMs: number): Promise<boolean> {
    for (const until = performance.now() + withinMs; performance.now() < until;) {
      const { slotsUsed, leases } = await this.gauges();
      if (slotsUsed === 0 && leases === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }

  /** Every process below it. */
  get below(): ProcessName[] {
    return descendants(this.child.pid!);
  }

  /** Ends it by a signal, and tells what is left of it, in words. */
  async end(signal: NodeJS.Signals): Promise<string[]> {
    const { below, child } = this;
    child.kill(signal);
    await this.#exited;
    const left = (): string[] => [
      ...alive(below).map((pid) => `process ${pid}`),
      ...groupFolders([child.pid!]).map((path) => `group ${path}`),
      ...newMounts(this.#mounts).map((mount) => `mount ${mount}`),
    ];
    for (const until = performance.now() + 15_000; left().length > 0 && performance.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return left();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end("SIGTERM");
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}
