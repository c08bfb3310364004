import { createServer } from "../../../src/server/server.ts";
import type { ServerOptions } from "../../../src/server/server-options.ts";

// eslint-disable-next-line typescript/no-explicit-any
type Any = any;

/** A server on a free port of this machine, and how to ask it. */
export interface Served extends AsyncDisposable {
  readonly address: string;
  /** Posts JSON; the answer's status, headers and JSON. */
  readonly post: (
    path: string,
    body: unknown,
  ) => Promise<{ readonly status: number; readonly headers: Headers; readonly body: Any }>;
}

/** Starts a server. */
export async function serve(options: ServerOptions = {}): Promise<Served> {
  const server = createServer({ listen: "127.0.0.1:0", maxSandboxes: 4, ...options });
  await server.start();
  return {
    address: server.address,
    post: async (path, body) => {
      const answer = await fetch(`${server.address}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: answer.status, headers: answer.headers, body: await answer.json() };
    },
    [Symbol.asyncDispose]: async () => await server.close(),
  };
}
