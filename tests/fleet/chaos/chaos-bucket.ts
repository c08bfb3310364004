import { setTimeout as sleep } from "node:timers/promises";

import { FaultyWay } from "../../store/faulty-way.ts";
import { bucket, credentials, S3Server } from "../../store/s3-server.ts";

/** A bucket that hosts reach over a way on which things go wrong. */
export class ChaosBucket implements AsyncDisposable {
  readonly #server: S3Server;
  readonly #way: FaultyWay;

  private constructor(server: S3Server, way: FaultyWay) {
    this.#server = server;
    this.#way = way;
  }

  /** @param address where hosts reach it */
  static async open(address: string): Promise<ChaosBucket> {
    process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    const server = await S3Server.start();
    return new ChaosBucket(server, await FaultyWay.open(server.endpoint, address));
  }

  get url(): string {
    return `s3://${bucket}/chaos?endpoint=${this.#way.endpoint}`;
  }

  /** For so many milliseconds each request is refused or slow; where the bucket is full, those that write. */
  async hurt(fault: "full" | "slow" | "busy", ms: number): Promise<void> {
    this.#way.fault = ({ method }) => (fault === "full" && method !== "PUT" ? undefined : fault);
    await sleep(ms);
    this.#way.fault = () => undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#way[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}
