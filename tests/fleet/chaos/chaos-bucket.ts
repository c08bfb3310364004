import { setTimeout as sleep } from "node:timers/promises";

import { readS3Url } from "../../../src/store/objects/s3-place.ts";
import { FaultyWay } from "../../store/faulty-way.ts";
import { openTestStore, type TestStore } from "../../store/s3-server.ts";

/** A bucket that hosts reach over a way on which things go wrong: moto's, or that of a server elsewhere, as tests of stores have it. */
export class ChaosBucket implements AsyncDisposable {
  readonly #store: TestStore;
  readonly #way: FaultyWay;
  readonly url: string;

  private constructor(store: TestStore, way: FaultyWay) {
    this.#store = store;
    this.#way = way;
    const { bucket, prefix, region } = readS3Url(store.fresh());
    this.url = `s3://${bucket}/${prefix}chaos?endpoint=${way.endpoint}&region=${region}`;
  }

  /** @param address where hosts reach it */
  static async open(address: string): Promise<ChaosBucket> {
    const store = await openTestStore();
    const { endpoint = "" } = readS3Url(store.base);
    return new ChaosBucket(store, await FaultyWay.open(endpoint, address));
  }

  /** For so many milliseconds each request is refused or slow; where the bucket is full, those that write. */
  async hurt(fault: "full" | "slow" | "busy", ms: number): Promise<void> {
    this.#way.fault = ({ method }) => (fault === "full" && method !== "PUT" ? undefined : fault);
    await sleep(ms);
    this.#way.fault = () => undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#way[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }
}
