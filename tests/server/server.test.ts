/* Who is let in, how much of it, and what is said where there is no room. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { createServer } from "../../src/server/server.ts";
import { Slots } from "../../src/server/slots.ts";
import { call, serve } from "./served.ts";
import { SteppingClient } from "./stepping-client.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-token-"));
const token = "a-secret-of-some-length";
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

/** Sends bytes and gives back everything that comes until the connection ends. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const parts: Buffer[] = [];
  socket.on("data", (part) => parts.push(part));
  socket.write(text);
  await new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
  return Buffer.concat(parts).toString();
}

describe("a token", () => {
  it("is needed for everything but whether the server runs", async () => {
    await using served = await serve({ tokenFile });
    const bearer = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
    expect((await served.call("GET", "/healthz")).status).toBe(200);
    expect((await served.call("GET", "/readyz")).status).toBe(200);
    for (const path of ["/metrics", "/openapi.json", "/v1/images", "/v1/sandboxes", "/nowhere"]) {
      expect((await served.call("GET", path)).json.error.code).toBe("unauthorized");
      for (const wrong of ["", token.slice(1), `${token}x`, token.toUpperCase()])
        expect((await served.call("GET", path, bearer(wrong))).status).toBe(401);
    }
    expect((await served.call("GET", "/v1/images", bearer(token))).status).toBe(200);
    await expect(new SteppingClient(served.port).hello()).rejects.toThrow("401");
    const client = new SteppingClient(served.port, undefined, { authorization: `Bearer ${token}` });
    expect((await client.hello()).ttlMs).toBe(30_000);
    client.cut();
  });

  it("is needed where other machines can reach the address, and is nobody else's to read", () => {
    for (const listen of ["0.0.0.0:0", "[::]:0", "example.org:80"])
      expect(() => createServer({ listen })).toThrow("needs a token");
    expect(() => createServer({ listen: "0.0.0.0:0", tokenFile })).not.toThrow();
    chmodSync(tokenFile, 0o644);
    expect(() => createServer({ tokenFile })).toThrow("others than its owner");
    chmodSync(tokenFile, 0o600);
    for (const listen of ["", "8900", "host", "unix:", "127.0.0.1:99999", `unix:/${"x".repeat(200)}`])
      expect(() => createServer({ listen })).toThrow("not an address");
    expect(() => createServer({ maxSandboxes: 0 })).toThrow("maxSandboxes");
    expect(() => createServer({ tokenfile: "x" } as never)).toThrow("tokenfile");
  });
});

describe("the names of the server", () => {
  it("are its address and what is allowed: no page can make its own name stand for it", async () => {
    await using served = await serve({ allowHosts: ["box.example"], allowOrigins: ["https://lab.example"] });
    const get = async (headers: Record<string, string>) =>
      (await served.call("GET", "/v1/images", { headers })).status;
    for (const host of [
      "localhost",
      "localhost:1",
      "127.0.0.1:8900",
      "[::1]:80",
      "10.1.2.3",
      "BOX.example:80",
    ])
      expect(await get({ host })).toBe(200);
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "a b",
      "127.0.0.1@evil",
    ])
      expect(await get({ host })).toBe(403);
    expect(
      await raw(served.port, "GET /v1/images HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n"),
    ).toContain("403");
    for (const origin of ["https://evil.example", "null", "http://localhost:1", "file://"])
      expect(await get({ origin })).toBe(403);
    expect(await get({ origin: "https://lab.example" })).toBe(200);
    expect(await get({ host: "localhost:5", origin: "http://localhost:5" })).toBe(200);
    expect(await get({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await get({ "sec-fetch-site": "same-origin" })).toBe(200);
    const page = new SteppingClient(served.port, undefined, { origin: "https://evil.example" });
    await expect(page.hello()).rejects.toThrow("403");
    const other = new SteppingClient(served.port, undefined, { host: "evil.example" });
    await expect(other.hello()).rejects.toThrow("403");
  });
});

it("listens at a socket of its user's alone, takes over a dead one and leaves a live one", async () => {
  const listen = `unix:${join(folder, "socket")}`;
  const first = createServer({ listen });
  await first.start();
  const second = createServer({ listen });
  await expect(second.start()).rejects.toMatchObject({ code: "io_failed" });
  await second.close();
  const { statSync } = await import("node:fs");
  expect(statSync(join(folder, "socket")).mode & 0o777).toBe(0o600);
  await first.close();
});

describe("sizes", () => {
  it("of bodies, heads, keys and JSON are bounded, and what is refused is said", async () => {
    await using served = await serve({ bodyBytes: 2048 });
    const body = { command: "x".repeat(5000) };
    expect((await served.call("POST", "/v1/leases", { body })).json.error.code).toBe("too_large");
    const chunked = `POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${"400\r\n".concat("x".repeat(1024), "\r\n").repeat(4)}0\r\n\r\n`;
    expect(await raw(served.port, chunked.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))).toContain(
      "too_large",
    );
    const head = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
    expect(await raw(served.port, head)).toContain("431");
    for (const bytes of ["{", "[]", "nil", '{"ttlMs":"1"}', '{"ttl":1}', "\u00ff\ud800"])
      expect((await served.call("POST", "/v1/leases", { body: Buffer.from(bytes) })).json.error.code).toBe(
        "bad_argument",
      );
    expect((await served.call("POST", "/v1/leases", { body: Buffer.from([0xff, 0xfe]) })).status).toBe(400);
    for (const key of ["", "a b", "x".repeat(201)])
      if (key !== "")
        expect(
          (await served.call("POST", "/v1/leases", { headers: { "idempotency-key": key } })).status,
        ).toBe(400);
    expect((await served.call("GET", "/v1/nowhere")).json.error.code).toBe("not_found");
    expect((await served.call("PATCH", "/v1/leases")).json.error.code).toBe("not_found");
  });
});

describe("a server without room", () => {
  it("lets wait for as long as the client does, and says when to come again", async () => {
    await using served = await serve({ maxSandboxes: 1, maxQueue: 1 });
    const create = async (queueMs: number) =>
      await served.call("POST", "/v1/sandboxes", { headers: { "sameseed-queue-ms": String(queueMs) } });
    const { json } = await create(0);
    const full = await create(0);
    expect([full.status, full.json.error.code]).toEqual([429, "server_full"]);
    expect(Number(full.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    const late = await create(50);
    expect([late.status, late.json.error.code]).toEqual([504, "queue_timeout"]);
    expect(Number(late.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    const waiting = create(30_000);
    await expect.poll(() => served.server.context.slots.waiting).toBe(1);
    expect((await create(30_000)).status).toBe(429);
    await served.call("DELETE", `/v1/sandboxes/${json.sandbox}`);
    expect((await waiting).status).toBe(201);
    expect((await create(400_000)).status).toBe(400);
    const vector = new SteppingClient(served.port);
    await vector.hello();
    const config = { env: "CartPole-v1", count: 4, seeds: 1 };
    await expect(vector.ask("open_vector", { key: "k", config })).rejects.toMatchObject({
      code: "bad_argument",
    });
    vector.cut();
  });

  it("forgets who left, and hands room out in the order in which it was asked for", async () => {
    const slots = new Slots(2, 10);
    const [a, b] = [await slots.acquire(1, { queueMs: 0 }), await slots.acquire(1, { queueMs: 0 })];
    const order: string[] = [];
    const gone = new AbortController();
    const left = slots.acquire(2, { queueMs: 60_000, signal: gone.signal });
    const first = slots.acquire(1, { queueMs: 60_000 }).then((release) => (order.push("first"), release));
    const second = slots.acquire(1, { queueMs: 60_000 }).then((release) => (order.push("second"), release));
    a();
    a();
    expect(slots.used).toBe(1);
    gone.abort();
    await expect(left).rejects.toMatchObject({ code: "aborted" });
    (await first)();
    (await second)();
    b();
    expect([order, slots.used, slots.waiting]).toEqual([["first", "second"], 0, 0]);
    const last = [await slots.acquire(2, { queueMs: 0 }), slots.acquire(1, { queueMs: 60_000 })] as const;
    slots.drain();
    await expect(last[1]).rejects.toMatchObject({ code: "server_draining" });
    await expect(slots.acquire(1, { queueMs: 0 })).rejects.toMatchObject({ code: "server_draining" });
  });
});

describe("a server that is stopped", () => {
  it("begins nothing more, lets open work end, and leaves nothing", async () => {
    await using served = await serve({ drainMs: 20_000 });
    const { sandbox } = (await served.call("POST", "/v1/sandboxes")).json;
    const running = served.call("POST", `/v1/sandboxes/${sandbox}/run`, {
      body: { command: "sleep", args: ["0.3"] },
    });
    await expect.poll(() => served.server.context.slots.used).toBe(1);
    const drained = served.server.drain();
    const refused = await served.call("POST", "/v1/sandboxes");
    expect([refused.status, refused.json.error.code]).toEqual([503, "server_draining"]);
    expect(refused.headers["retry-after"]).toBe("5");
    expect((await served.call("GET", "/readyz")).status).toBe(503);
    expect((await served.call("GET", "/healthz")).status).toBe(200);
    expect((await running).json.result.exitCode).toBe(0);
    expect((await served.call("DELETE", `/v1/sandboxes/${sandbox}`)).status).toBe(204);
    await drained;
    await expect(call(served.port, "GET", "/healthz")).rejects.toThrow();
  });

  it("ends what is still open when its time is over", async () => {
    await using served = await serve({ drainMs: 100 });
    const { sandbox } = (await served.call("POST", "/v1/sandboxes")).json;
    const running = served.call("POST", `/v1/sandboxes/${sandbox}/run`, {
      body: { command: "sleep", args: ["60"] },
    });
    await expect.poll(() => served.server.context.slots.used).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await served.server.drain();
    expect((await running).json.error.code).toBe("sandbox_closed");
    expect(served.server.context.slots.used).toBe(0);
  });
});

it("tells its figures, by route and never by path", async () => {
  await using served = await serve();
  const { sandbox } = (await served.call("POST", "/v1/sandboxes")).json;
  await served.call("GET", `/v1/sandboxes/${sandbox}`);
  await served.call("GET", "/v1/sandboxes/sb_nobody");
  const text = (await served.call("GET", "/metrics")).bytes.toString();
  expect(text).toContain(
    'sameseed_requests_total{method="GET",route="/v1/sandboxes/:sandbox",status="200"} 1',
  );
  expect(text).toContain('sameseed_errors_total{code="not_found"} 1');
  expect(text).toContain("sameseed_slots_used 1");
  expect(text).toContain('sameseed_opened_total{kind="sandbox"} 1');
  expect(text).not.toContain("sb_nobody");
  expect(served.log.map(({ event }) => event)).toContain("listening");
});
