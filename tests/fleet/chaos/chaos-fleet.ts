import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { alive, descendants, type ProcessName } from "../../lifecycle/left-behind.ts";
import { Host } from "../host.ts";
import { ChaosRedis } from "./chaos-redis.ts";
import { Network } from "./network.ts";
import type { Fault } from "./schedule.ts";

/** Beyond the leases of test workers, and longer than BullMQ waits for a chunk and a second. */
const [frozenMs, downMs, outageMs, fullMs] = [4_000, 4_000, 3_500, 3_000];

/** Hosts in network namespaces of their own, a Redis between them, and a store that can be full. */
export class ChaosFleet implements AsyncDisposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "sameseed-chaos-"));
  readonly #network = new Network();
  readonly #hosts: { readonly name: string; readonly enter: readonly string[]; host: Host }[] = [];
  readonly redis: ChaosRedis;
  readonly store: string;
  /** Everything that was ever below a host: none of it may be left. */
  readonly #seen: ProcessName[] = [];

  private constructor() {
    const log = join(this.#folder, "redis");
    mkdirSync(log);
    this.redis = new ChaosRedis(this.#network.address, log);
    this.store = join(this.#folder, "store");
    mkdirSync(this.store);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "chaos", this.store]);
    if (mounted.status !== 0) throw new Error(`no store to fill: ${String(mounted.stderr)}`);
  }

  /** @param liar the number of the host that lies in one of a hundred rollouts, if one does */
  static async start(names: readonly string[], liar?: number): Promise<ChaosFleet> {
    const fleet = new ChaosFleet();
    await fleet.redis.start();
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
    const options = { redis: this.redis.url, store: this.store, slots: 2, lanes: 2, host: name };
    return await Host.start({ ...options, ...(lies ? { lies: "some" as const } : {}) }, enter);
  }

  /** Where something can be put beside the store. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Does one thing wrong, and puts it right where somebody would. */
  async hurt(fault: Fault): Promise<void> {
    this.#look();
    if ("host" in fault) await this.#hurtHost(fault.kind, fault.host);
    else if (fault.kind === "flush") await this.redis.flush();
    else if (fault.kind === "full") await this.#fill();
    else {
      await this.redis.kill();
      if (fault.kind === "aof") this.redis.cutLog();
      await sleep(outageMs);
      await this.redis.start();
    }
  }

  async #hurtHost(kind: "agent" | "pool" | "host" | "freeze" | "link", at: number): Promise<void> {
    const own = this.#hosts[at]!;
    const { host } = own;
    const all = [host.pid, ...descendants(host.pid).map(({ pid }) => pid)];
    switch (kind) {
      case "agent":
        kill(Number(descendants(host.pid).find(({ pid }) => pid === host.agent)?.pid ?? 0), "SIGKILL");
        return;
      case "freeze":
        for (const pid of all) kill(pid, "SIGSTOP");
        await sleep(frozenMs);
        for (const pid of all.reverse()) kill(pid, "SIGCONT");
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
    const path = join(this.store, "filler");
    const { bavail, bsize } = statfsSync(this.store);
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

  /** Ends every host as a person would. @returns their exit codes, and the processes that are left */
  async drain(): Promise<{ readonly codes: unknown[]; readonly left: number[] }> {
    this.#look();
    const codes = await Promise.all(this.#hosts.map(async ({ host }) => await host.end("SIGTERM")));
    for (let tries = 0; tries < 50 && alive(this.#seen).length > 0; tries++) await sleep(100);
    return { codes, left: alive(this.#seen) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { host } of this.#hosts) await host.end("SIGKILL");
    await this.redis[Symbol.asyncDispose]();
    this.#network[Symbol.dispose]();
    spawnSync("umount", ["-l", this.store]);
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
