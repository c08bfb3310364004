import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";

import { readS3Url, type S3Credentials, s3Credentials } from "../../src/store/objects/s3-place.ts";
import { installed } from "../client/installed.ts";

/** Any credentials do: moto looks at none of them. */
export const credentials = { accessKeyId: "test", secretAccessKey: "not-a-secret-of-anyone" };
export const bucket = "rollouts";

/**
 * A server that speaks S3, with one empty bucket: moto, from PyPI, in memory. It is not the tests' own, and has what a store needs:
 * conditional writes, ranges, pieces, pages.
 */
export class S3Server implements AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number) {
    this.port = port;
    this.endpoint = `http://127.0.0.1:${port}`;
    const environment = { ...process.env, PYTHONPATH: installed("s3-server"), PYTHONNOUSERSITE: "1" };
    const program = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
    this.#process = spawn("python3", program, { stdio: "ignore", env: environment });
  }

  static async start(): Promise<S3Server> {
    const server = new S3Server(await freePort());
    while (!(await answers(server.endpoint))) {
      if (server.#process.exitCode !== null) throw new Error("moto's server does not start");
      await sleep(50);
    }
    await makeBucket(`s3://${bucket}?endpoint=${server.endpoint}`, credentials);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** Where a test has a store in S3. */
export interface TestStore extends AsyncDisposable {
  /** A bucket's address. */
  readonly base: string;
  /** Whether the server is moto, which compares no signatures and has nothing of anyone's. */
  readonly isMoto: boolean;
  /** An address below the bucket that nobody else uses. */
  fresh(): string;
}

/**
 * Moto, started here. A store elsewhere is tested by hand, with its credentials in the environment:
 * `SAMESEED_TEST_S3=s3://BUCKET?endpoint=http://HOST:PORT npx vitest run tests/store`.
 */
export async function openTestStore(): Promise<TestStore> {
  const elsewhere = process.env.SAMESEED_TEST_S3;
  if (elsewhere !== undefined) await makeBucket(elsewhere);
  const server = elsewhere === undefined ? await S3Server.start() : undefined;
  const base = elsewhere ?? `s3://${bucket}?endpoint=${server?.endpoint}`;
  if (server !== undefined) {
    process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  }
  return {
    base,
    isMoto: server !== undefined,
    fresh: () => base.replace("?", `/tests/${randomBytes(6).toString("hex")}?`),
    [Symbol.asyncDispose]: async () => await server?.[Symbol.asyncDispose](),
  };
}

async function makeBucket(url: string, own?: S3Credentials): Promise<void> {
  const { bucket: name, endpoint = "", region } = readS3Url(url);
  const client = new S3Client({
    endpoint,
    region,
    credentials: own ?? s3Credentials(),
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port is free");
  return address.port;
}
