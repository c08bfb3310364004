/* Slow, half-open, malformed and oversized: nothing falls over, nothing is left, every refusal has its form. */
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";

import { encodePlain } from "../../src/model/cbor/encode-plain.ts";
import type { ActionValue } from "../../src/model/cbor/typed-value.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { serve, type Served } from "./served.ts";
import { SteppingClient } from "./stepping-client.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 4, requestMs: 3000, bodyBytes: 4096, leaseMs: 1000 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

interface Ended {
  readonly text: string;
  readonly ms: number;
}

/** A connection that sends bytes and then waits for its end. */
async function ending(write: (socket: Socket) => void): Promise<Ended> {
  const since = performance.now();
  const socket = connect(served.port, "127.0.0.1");
  const parts: Buffer[] = [];
  socket.on("data", (part) => parts.push(part));
  socket.on("error", () => {});
  write(socket);
  await new Promise((resolve) => socket.on("close", resolve));
  return { text: Buffer.concat(parts).toString("latin1"), ms: performance.now() - since };
}

describe("a slow client", () => {
  it("is closed when its head or its body does not come, byte by byte or not at all", async () => {
    const drip = (text: string) => (socket: Socket) => {
      let at = 0;
      const timer = setInterval(() => void socket.write(text[at++ % text.length]!), 50);
      socket.on("close", () => clearInterval(timer));
    };
    const head = "POST /v1/sandboxes HTTP/1.1\r\nHost: localhost\r\n";
    const all = await Promise.all([
      ending(() => {}),
      ending((socket) => socket.write(head)),
      ending(drip("X-A: b\r\n")),
      ending((socket) => socket.write(`${head}Content-Length: 100\r\n\r\n{"a"`)),
      ending((socket) => socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a"`)),
    ]);
    for (const { ms } of all) expect(ms).toBeLessThan(10_000);
    for (const { text } of all) expect(text === "" || /^HTTP\/1\.1 4\d\d /.test(text)).toBe(true);
    expect(served.server.context.slots.used).toBe(0);
  });

  it("that does not read its answer makes nobody else wait", async () => {
    const { sandbox } = (await served.call("POST", "/v1/sandboxes")).json;
    const command = { command: "sh", args: ["-c", "head -c 8000000 /dev/zero"] };
    const body = JSON.stringify(command);
    const slow = connect(served.port, "127.0.0.1");
    slow.on("error", () => {});
    slow.pause();
    slow.write(
      `POST /v1/sandboxes/${sandbox}/run HTTP/1.1\r\nHost: localhost\r\nAccept: application/vnd.sameseed.output\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const { json } = await served.call("POST", `/v1/sandboxes/${sandbox}/run`, {
      body: { command: "echo", args: ["quick"] },
    });
    expect(json.stdout.text).toBe("quick\n");
    await expect
      .poll(async () => (await served.call("GET", `/v1/sandboxes/${sandbox}/processes/p1`)).json.state, {
        timeout: 20_000,
      })
      .toBe("ended");
    slow.destroy();
    await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
  });
});

describe("bytes that are no request", () => {
  it("are refused, and the server goes on", async () => {
    const lines = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(
          fc.constantFrom("GET", "POST", "PUT", "DELETE", "PRI", "get"),
          fc.constantFrom(
            "/v1/sandboxes",
            "/v1/runs",
            "*",
            "/v1/../x",
            "http://evil/",
            "/v1/leases/%00/heartbeat",
            "/%ff",
          ),
          fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9"),
          fc.constantFrom(
            "Host: localhost",
            "Host: a\r\nHost: b",
            "Content-Length: -1",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Expect: 100-continue",
          ),
          fc.string({ maxLength: 40 }),
        )
        .map(([method, path, version, header, body]) =>
          Buffer.from(`${method} ${path} ${version}\r\n${header}\r\nConnection: close\r\n\r\n${body}`),
        ),
    );
    await fc.assert(
      fc.asyncProperty(lines, async (bytes) => {
        const { text } = await ending((socket) => socket.end(bytes));
        expect(text).not.toMatch(/^HTTP\/1\.1 5/);
      }),
      { numRuns: 150, seed: 42 },
    );
    expect((await served.call("GET", "/healthz")).status).toBe(200);
    expect(served.log.filter(({ event }) => event === "defect")).toEqual([]);
  });
});

describe("JSON that nobody asked for", () => {
  // A door's errors are of its protocol; what the server does not expect is a defect there, too.
  const ofDoors = new Set(["SandboxFusion", "rewards", "OpenEnv", "Tensorlake"]);

  it.for([
    ["with an error of the catalogue on every native route", false],
    ["and surprises no door", true],
  ] as const)("is refused %s", async ([, isDoor]) => {
    const { json } = await served.call("GET", "/openapi.json");
    const paths = json.paths as Record<string, Record<string, { readonly tags: readonly string[] }>>;
    const targets = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, { tags }]) => tags.some((tag) => ofDoors.has(tag)) === isDoor)
        .map(([method]) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x")] as const),
    );
    expect(targets.length).toBeGreaterThan(10);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...targets),
        fc.json({ maxDepth: 3 }),
        async ([method, path], body) => {
          const answer = await served.call(method, path, { body: Buffer.from(body) });
          if (answer.status >= 400 && !isDoor) expect(answer.json.error.code).toMatch(/^[a-z_]+$/);
          expect(answer.status).not.toBe(500);
        },
      ),
      { numRuns: 150, seed: 42 },
    );
    expect(served.log.filter(({ event }) => event === "defect")).toEqual([]);
  });
});

describe("messages that nobody asked for", () => {
  it("are answered or end the connection, and take nothing", async () => {
    const values = fc.dictionary(
      fc.constantFrom("id", "op", "key", "seq", "rollout", "vector", "config", "action"),
      fc.oneof(
        fc.integer(),
        fc.string(),
        fc.constant(null),
        fc.array(fc.integer()),
        fc.constantFrom("open", "step", "branch", "close_vector", "heartbeat"),
        fc.dictionary(fc.constantFrom("env", "seed", "count"), fc.oneof(fc.integer(), fc.string())),
      ),
    );
    const messages = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      values.map((value) => encodePlain(value as unknown as ActionValue)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { minLength: 1, maxLength: 5 }), async (all) => {
        const client = new SteppingClient(served.port);
        await client.hello();
        for (const message of all) client.socket.send(message);
        await Promise.race([client.closed, client.send("heartbeat")]);
        client.cut();
      }),
      { numRuns: 60, seed: 42 },
    );
    expect(served.log.filter(({ event }) => event === "defect")).toEqual([]);
    await expect.poll(() => served.server.context.slots.used, { timeout: 10_000 }).toBe(0);
  });

  it("that are too large end the connection", async () => {
    const client = new SteppingClient(served.port);
    await client.hello();
    client.socket.send(Buffer.alloc(33 * 1024 * 1024));
    // 1009 is sent; a client that is still sending may see the connection's end first.
    expect([1006, 1009]).toContain((await client.closed).code);
    const elsewhere = new WebSocket(`ws://127.0.0.1:${served.port}/v1/sandboxes`);
    const refused = new Promise((resolve) => elsewhere.on("error", resolve));
    expect(String(await refused)).toContain("404");
  });

  it("of a connection that only opens and never speaks take nothing for longer than its lease", async () => {
    const before = served.server.context.leases.size;
    const sockets = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = new SteppingClient(served.port);
        await client.hello();
        return client;
      }),
    );
    for (const client of sockets) client.cut();
    await expect.poll(() => served.server.context.leases.size, { timeout: 6000 }).toBeLessThanOrEqual(before);
  });
});
