import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";

/** A Redis that writes what it is told, as one of a fleet does, and can be hurt in several ways. */
export class ChaosRedis implements AsyncDisposable {
  readonly url: string;
  readonly #address: string;
  readonly #port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  constructor(address: string, folder: string) {
    this.#address = address;
    this.#port = 20_000 + (process.pid % 20_000);
    this.#folder = folder;
    this.url = `redis://${address}:${this.#port}`;
  }

  async start(): Promise<void> {
    const settings = {
      port: this.#port,
      bind: this.#address,
      "protected-mode": "no",
      dir: this.#folder,
      save: "",
      appendonly: "yes",
      appendfsync: "everysec",
      "maxmemory-policy": "noeviction",
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = spawn("/usr/bin/redis-server", args, { stdio: "ignore" });
    await this.#ask(async (client) => await client.ping());
  }

  async kill(): Promise<void> {
    const own = this.#process;
    if (own === undefined || own.exitCode !== null || own.signalCode !== null) return;
    const ended = once(own, "exit");
    own.kill("SIGKILL");
    await ended;
  }

  async flush(): Promise<void> {
    await this.#ask(async (client) => await client.flushall());
  }

  /** Cuts what it wrote in the middle of something; it must not run. */
  cutLog(): void {
    const folder = join(this.#folder, "appendonlydir");
    for (const name of readdirSync(folder).filter((own) => own.endsWith(".aof"))) {
      const path = join(folder, name);
      const { size } = statSync(path);
      if (name.includes("incr") && size > 100) truncateSync(path, Math.floor(size * 0.6) + 1);
    }
  }

  /** Keys of chunks: of queues, what is no setting, counter or list of events. */
  async chunkKeys(): Promise<string[]> {
    const keys = await this.#ask(async (client) => await client.keys("sameseed:run-*"));
    return keys.filter((key) => !/:(?:meta|events|id|stalled-check|marker|pc)$/.test(key));
  }

  async #ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { retryStrategy: () => 30, maxRetriesPerRequest: null });
    client.on("error", () => {});
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
