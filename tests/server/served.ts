/* A server of this process, and clients that speak to it byte by byte. */
import { mkdtempSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createServer, type SameseedServer } from "../../src/server/server.ts";
import type { ServerOptions } from "../../src/server/server-options.ts";

/** A server with a folder of its own. */
export interface Served extends AsyncDisposable {
  readonly server: SameseedServer;
  readonly port: number;
  readonly folder: string;
  readonly log: Record<string, unknown>[];
  /** Sends a request. */
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
}

/** What a request has beside method and path. */
export interface CallOptions {
  /** JSON, unless it is bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON; undefined where there is none. */
  // eslint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

/** Starts a server at a free port. */
export async function serve(options: ServerOptions = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-server-"));
  const log: Record<string, unknown>[] = [];
  const server = createServer({
    listen: "127.0.0.1:0",
    runs: join(folder, "runs"),
    onLog: (line) => log.push(JSON.parse(line) as Record<string, unknown>),
    ...options,
  });
  await server.start();
  const port = Number(new URL(server.address).port);
  return {
    server,
    port,
    folder,
    log,
    call: async (method, path, given = {}) => await call(port, method, path, given),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Sends a request on a connection of its own. */
export async function call(
  port: number,
  method: string,
  path: string,
  { body: given, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const bytes =
    given === undefined
      ? undefined
      : given instanceof Uint8Array
        ? given
        : Buffer.from(JSON.stringify(given));
  return await new Promise((resolve, reject) => {
    const length = bytes === undefined ? {} : { "content-length": String(bytes.length) };
    const all = { ...length, ...headers };
    const sent = request(
      { port, host: "127.0.0.1", method, path, headers: all, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(parts);
          const isJson = response.headers["content-type"] === "application/json";
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes: body,
            json: isJson && body.length > 0 ? (JSON.parse(body.toString()) as unknown) : undefined,
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(bytes);
  });
}

/** Creates a sandbox. @returns its id */
export async function createSandbox(served: Served, headers: Record<string, string> = {}): Promise<string> {
  return (await served.call("POST", "/v1/sandboxes", { headers })).json.sandbox as string;
}

/** A command that a shell reads. */
export const shell = (line: string): { command: string; args: string[] } => ({
  command: "sh",
  args: ["-c", line],
});
