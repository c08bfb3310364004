import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { alive, descendants, type ProcessName } from "../../lifecycle/left-behind.ts";
import { Host } from "../host.ts";
import { ChaosRedis } from "./chaos-redis.ts";
import { Network } from "./network.ts";
import { PostgresServer } from "../postgres-server.ts";
import { ChaosBucket } from "./chaos-bucket.ts";
import type { Fault, Ground, HostFault } from "./schedule.ts";

/** Moves a host's clock, as far as Node reads it. */
const clockProgram = join(import.meta.dirname, "clock.ts");

/** Beyond the leases of test workers, and longer than BullMQ waits for a chunk and a second. */
const [frozenMs, downMs, outageMs, fullMs] = [4_000, 4_000, 3_500, 3_000];

/** How long a lease of test workers can hold after its host is gone: its time, until the next look at it, and to be taken away. */
const leasedMs = 4_000;

/** Hosts in network namespaces of their own, a queue between them, and a store on which things can go wrong. */
export class ChaosFleet implements AsyncDisposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "sameseed-chaos-"));
  readonly #network = new Network();
  readonly #hosts: { readonly name: string; readonly enter: readonly string[]; host: Host }[] = [];
  readonly #redis: ChaosRedis | undefined;
  #postgres: PostgresServer | undefined;
  #bucket: ChaosBucket | undefined;
  readonly #mounted: string;
  /** Everything that was ever below a host: none of it may be left. */
  readonly #seen: ProcessName[] = [];
  /** When something was last done to a host. */
  #hurtAt = -Infinity;

  private constructor({ queue }: Ground) {
    const log = join(this.#folder, "redis");
    mkdirSync(log);
    if (queue === "redis") this.#redis = new ChaosRedis(this.#network.address, log);
    this.#mounted = join(this.#folder, "store");
    mkdirSync(this.#mounted);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "chaos", this.#mounted]);
    if (mounted.status !== 0) throw new Error(`no store to fill: ${String(mounted.stderr)}`);
  }

  /** @param liar the number of the host that lies in one of a hundred rollouts, if one does */
  static async start(ground: Ground, names: readonly string[], liar?: number): Promise<ChaosFleet> {
    const fleet = new ChaosFleet(ground);
    await fleet.#redis?.start();
    if (ground.queue === "postgres") fleet.#postgres = await PostgresServer.start();
    if (ground.store === "s3") fleet.#bucket = await ChaosBucket.open(fleet.#network.address);
    const places = names.map((name) => ({ name, enter: fleet.#network.add() }));
    const hosts = await Promise.all(
      places.map(async (place, at) => await fleet.#startHost(place, at === liar)),
    );
    for (const [at, place] of places.entries()) fleet.#hosts.push({ ...place, host: hosts[at]! });
    return fleet;
  }

  async #startHost(
    { name, enter }: { readonly name: string; readonly enter: readonly string[] },
    lies = false,
  ): Promise<Host> {
    const options = { redis: this.queue, store: this.store, slots: 2, lanes: 2, host: name };
    const clock = [`NODE_OPTIONS=--import=${clockProgram}`, `SAMESEED_TEST_CLOCK=${this.#clockOf(name)}`];
    return await Host.start({ ...options, ...(lies ? { lies: "some" as const } : {}) }, [
      ...enter,
      "env",
      ...clock,
    ]);
  }

  /** The queue's address. */
  get queue(): string {
    return this.#redis?.url ?? this.#postgres!.url;
  }

  /** The store's. */
  get store(): string {
    return this.#bucket?.url ?? this.#mounted;
  }

  /** Keys of chunks that are left in the queue; of PostgreSQL they are not looked for. */
  async chunkKeys(): Promise<string[]> {
    return (await this.#redis?.chunkKeys()) ?? [];
  }

  #clockOf(name: string): string {
    return join(this.#folder, `clock-${name}`);
  }

  /** Where something can be put beside the store. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Does one thing wrong, and puts it right where somebody would. */
  async hurt(fault: Fault): Promise<void> {
    this.#look();
    if ("host" in fault) {
      await this.#hurtHost(fault.kind, fault.host);
      this.#hurtAt = performance.now();
    } else if (fault.kind === "flush") await this.#redis?.flush();
    else if (
      this.#bucket !== undefined &&
      (fault.kind === "full" || fault.kind === "slow" || fault.kind === "busy")
    )
      await this.#bucket.hurt(fault.kind, fullMs);
    else if (fault.kind === "full") await this.#fill();
    else {
      const server = this.#redis ?? this.#postgres!;
      await server.kill();
      if (fault.kind === "aof") this.#redis?.cutLog();
      await sleep(outageMs);
      await server.start();
    }
  }

  async #hurtHost(kind: HostFault["kind"], at: number): Promise<void> {
    const own = this.#hosts[at]!;
    const { host } = own;
    const all = [host.pid, ...descendants(host.pid).map(({ pid }) => pid)];
    switch (kind) {
      case "agent":
        kill(all.find((pid) => pid === host.agent) ?? 0, "SIGKILL");
        return;
      case "freeze":
        for (const pid of all) kill(pid, "SIGSTOP");
        await sleep(frozenMs);
        for (const pid of all.toReversed()) kill(pid, "SIGCONT");
        return;
      case "clock":
        // An hour ahead, or an hour behind.
        writeFileSync(this.#clockOf(own.name), at % 2 === 0 ? "3600000" : "-3600000");
        return;
      case "link":
        this.#network.plug(at, false);
        await sleep(downMs);
        this.#network.plug(at, true);
        return;
      case "pool":
        await host.end("SIGKILL");
        break;
      case "host":
        for (const pid of all.slice(1)) kill(pid, "SIGKILL");
        await host.end("SIGKILL");
        break;
    }
    own.host = await this.#startHost(own);
  }

  async #fill(): Promise<void> {
    const path = join(this.#mounted, "filler");
    const { bavail, bsize } = statfsSync(this.#mounted);
    try {
      writeFileSync(path, Buffer.alloc(bavail * bsize));
    } catch {
      // It was filled by others meanwhile.
    }
    await sleep(fullMs);
    rmSync(path, { force: true });
  }

  #look(): void {
    for (const { host } of this.#hosts) this.#seen.push(...descendants(host.pid));
  }

  /** Where a host was lost a moment ago, waits until the others have what it had leased: nobody can take that away before. */
  async settle(): Promise<void> {
    const until = this.#hurtAt + leasedMs;
    while (performance.now() < until && (await this.chunkKeys()).length > 0) await sleep(100);
  }

  /** Ends every host as a person would. @returns their exit codes, and the processes that are left */
  async drain(): Promise<{ readonly codes: unknown[]; readonly left: number[] }> {
    this.#look();
    const codes = await Promise.all(this.#hosts.map(async ({ host }) => await host.end("SIGTERM")));
    for (let tries = 0; tries < 50 && alive(this.#seen).length > 0; tries++) await sleep(100);
    return { codes, left: alive(this.#seen) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { host } of this.#hosts) await host.end("SIGKILL");
    await this.#redis?.[Symbol.asyncDispose]();
    await this.#postgres?.[Symbol.asyncDispose]();
    await this.#bucket?.[Symbol.asyncDispose]();
    this.#network[Symbol.dispose]();
    spawnSync("umount", ["-l", this.#mounted]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
