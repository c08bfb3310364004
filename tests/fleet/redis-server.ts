import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";

const program = "/usr/bin/redis-server";

/** Whether Debian's Redis is here; `npm test` installs it where it can. */
export const hasRedis: boolean = existsSync(program);

if (!hasRedis)
  console.error(
    "Redis is not installed (on Debian: apt-get install redis-server): queues on it are not tested",
  );

/** A Redis of a test's own, on a socket in a folder of its own: nobody else can reach it. */
export class RedisServer implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "sameseed-redis-"));
  readonly socket: string = join(this.folder, "redis.sock");
  readonly url: string = `redis+unix:${this.socket}`;
  #process: ChildProcess | undefined;

  static async start(): Promise<RedisServer> {
    const server = new RedisServer();
    await server.start();
    return server;
  }

  /** Starts it, empty: nothing of it is ever on a disk. */
  async start(): Promise<void> {
    const options = ["--port", "0", "--unixsocket", this.socket, "--dir", this.folder];
    this.#process = spawn(program, [...options, "--save", "", "--appendonly", "no"], { stdio: "ignore" });
    const client = new Redis(this.socket, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on("error", () => {});
    await client.ping();
    client.disconnect();
  }

  /** Ends it at once, and everything in it. */
  async kill(): Promise<void> {
    const own = this.#process;
    if (own === undefined || own.exitCode !== null || own.signalCode !== null) return;
    const ended = once(own, "exit");
    own.kill("SIGKILL");
    await ended;
    rmSync(this.socket, { force: true });
  }

  /** Every key but those that say what was, which end by themselves. */
  async keysOf(part: string): Promise<string[]> {
    const client = new Redis(this.socket);
    const keys = await client.keys(`*${part}*`);
    client.disconnect();
    return keys;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await sleep(0);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
