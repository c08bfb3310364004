/* What a client may make the server hold is bounded in bytes, and whoever is gone is found. */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";

import { encodePlain } from "../../src/model/cbor/encode-plain.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { outputPieces } from "../../src/server/native/output-json.ts";
import { createSandbox, serve, type Served, shell } from "./served.ts";

const run = promisify(execFile);
const mib = 1024 * 1024;

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 2 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const remove = async (sandbox: string): Promise<unknown> =>
  await served.call("DELETE", `/v1/sandboxes/${sandbox}`);

describe("the standard input of a process that does not read", () => {
  it("is refused where too many bytes wait, and goes on when they are read", async () => {
    const sandbox = await createSandbox(served);
    const path = `/v1/sandboxes/${sandbox}/processes`;
    await served.call("POST", path, { body: shell("sleep 600; wc -c") });
    const part = Buffer.alloc(15 * mib);
    const process = served.server.context.sandboxes.find(sandbox).process("p1");
    const writes = [0, 1].map(async (at) => await process.write(at * part.length, part, false));
    const from = 2 * part.length;
    const refused = await served.call("POST", `${path}/p1/stdin?from=${from}`, { body: part });
    expect([refused.status, refused.json.error.code]).toEqual([429, "server_full"]);
    expect(refused.headers["retry-after"]).toBe("1");
    process.kill("SIGKILL");
    expect(await Promise.all(writes)).toHaveLength(2);
    // Nobody holds the room any more.
    expect(await process.write(0, Buffer.from("x"), false)).toBeGreaterThan(0);
    await remove(sandbox);
  });
});

describe("the bodies of all requests together", () => {
  it("are refused where too many bytes are held, and are held no longer than their requests", async () => {
    const { bodies } = served.server.context;
    const sandbox = await createSandbox(served);
    const addresses: [string, string, number][] = [
      ["POST", `/v1/sandboxes/${sandbox}/run`, 429],
      ["PUT", `/v1/sandboxes/${sandbox}/files?path=/tmp/x`, 429],
      // As their protocols say that a server is full.
      ["POST", "/rewards/openrlhf", 504],
      ["POST", "/run_code", 504],
    ];
    expect(bodies.bytes).toBe(0);
    const others = {};
    bodies.take(others, 512 * mib);
    for (const [method, path, refused] of addresses) {
      const { status, headers } = await served.call(method, path, { body: shell("true") });
      expect([path, status, headers["retry-after"]]).toEqual([path, refused, "1"]);
    }
    expect(bodies.bytes).toBe(512 * mib);
    bodies.release(others);
    // Also of a request that is refused, or that leaves before its body ends.
    expect((await served.call("POST", addresses[0]![1], { body: shell("true") })).status).toBe(200);
    expect((await served.call("POST", addresses[0]![1], { body: { command: 1 } })).status).toBe(400);
    const leaver = connect(served.port, "127.0.0.1");
    leaver.write(
      "PUT /v1/sandboxes/x/files?path=/tmp/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsome",
    );
    await expect.poll(() => bodies.bytes).toBe(4);
    leaver.destroy();
    await expect.poll(() => bodies.bytes).toBe(0);
    await remove(sandbox);
  });
});

describe("what processes are started with", () => {
  it("is held until it is read, and refused where too many bytes of others are", async () => {
    const { inputs } = served.server.context;
    const sandbox = await createSandbox(served);
    const path = `/v1/sandboxes/${sandbox}/processes`;
    const input = "é".repeat(mib / 2);
    const body = { ...shell("sleep 600"), input };
    expect((await served.call("POST", path, { body })).status).toBe(201);
    // The body is gone with its answer, the input is not.
    expect([served.server.context.bodies.bytes, inputs.bytes]).toEqual([0, mib]);
    const others = {};
    inputs.take(others, 255 * mib);
    const refused = await served.call("POST", path, { body: { ...shell("cat"), input: "x" } });
    expect([refused.status, refused.json.error.code]).toEqual([429, "server_full"]);
    inputs.release(others);
    served.server.context.sandboxes.find(sandbox).process("p1").kill("SIGKILL");
    await expect.poll(() => inputs.bytes).toBe(0);
    const read = await served.call("POST", `/v1/sandboxes/${sandbox}/run`, {
      body: { ...shell("wc -c"), input },
    });
    expect(read.json.stdout.text.trim()).toBe(String(mib));
    expect(inputs.bytes).toBe(0);
    await remove(sandbox);
  });
});

/** The beginning of a message of 16 MiB, as a client's frame has it: a head of 14 bytes. */
const frameBegin = Buffer.concat([
  Buffer.from([0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.alloc(1000),
]);

describe("the messages of all connections together", () => {
  it.each(["/openenv/CartPole-v1/ws", "/v1/ws"])(
    "of %s are held while they come, and refused where others take the room",
    async (path) => {
      const { bodies, slots } = served.server.context;
      const clients = await Promise.all(
        [0, 1].map(async () => {
          const client = new WebSocket(
            `ws://127.0.0.1:${served.port}${path}`,
            path === "/v1/ws" ? ["sameseed.v1"] : [],
          );
          await new Promise((resolve) => client.once("open", resolve));
          return client;
        }),
      );
      const [first, second] = clients as [WebSocket, WebSocket];
      const write = (client: WebSocket): void =>
        void (client as unknown as { _socket: Socket })._socket.write(frameBegin);
      write(first);
      await expect.poll(() => bodies.bytes).toBe(frameBegin.length);
      const others = {};
      bodies.take(others, 512 * mib - frameBegin.length);
      const closed = new Promise<number>((resolve) => second.once("close", resolve));
      write(second);
      expect(await closed).toBe(1013);
      expect([bodies.bytes, first.readyState]).toEqual([512 * mib, WebSocket.OPEN]);
      bodies.release(others);
      first.terminate();
      await expect.poll(() => bodies.bytes).toBe(0);
      expect(slots.used).toBe(0);
    },
  );
});

describe("messages that wait for their answers", () => {
  it.each([
    ["/openenv/CartPole-v1/ws", 40],
    ["/v1/ws", 12],
  ])("of %s are not read without end", async (path, count) => {
    const { slots } = served.server.context;
    const release = await slots.acquire(slots.total, { queueMs: 0 });
    const isNative = path === "/v1/ws";
    const client = new WebSocket(`ws://127.0.0.1:${served.port}${path}`, isNative ? ["sameseed.v1"] : []);
    await new Promise((resolve) => client.once("open", resolve));
    client.on("error", () => {});
    let answers = 0;
    client.on("message", () => answers++);
    if (isNative) {
      const config = { env: { source: "#".repeat(12 * mib), className: "Env" }, seed: 0 };
      for (let id = 0; id < count; id++) client.send(encodePlain({ id, op: "open", key: `k${id}`, config }));
    } else {
      client.send(JSON.stringify({ type: "reset", data: { seed: 0 } }));
      const long = JSON.stringify({ type: "state", data: { padding: "x".repeat(mib) } });
      for (let at = 1; at < count; at++) client.send(long);
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(client.bufferedAmount).toBeGreaterThan(20 * mib);
    release();
    if (!isNative) await expect.poll(() => answers, { timeout: 20_000 }).toBe(count);
    client.terminate();
    await expect.poll(() => slots.used, { timeout: 10_000 }).toBe(0);
  });
});

describe("output of many bytes", () => {
  it.each([
    ["text, cut inside of characters", 'aé\u{1f600}"\n\u0000\ufeff'.repeat(9), 1],
    ["text that begins with a byte order mark", "\ufeffabc", 2],
    ["nothing", "", 1],
  ])("is JSON of %s", (_, text, size) => {
    const bytes = Buffer.from(text);
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (__, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    expect(JSON.parse([...outputPieces(parts)].join(""))).toEqual({ text });
  });

  it.each([
    [[0xff], [0, 1], [2, 3, 4, 5]],
    [[0x61], [0xc3]],
    [[0xed, 0xa0], [0x80]],
  ])("is base64 where it is no UTF-8: %j %j", (...parts) => {
    const told = JSON.parse([...outputPieces(parts.map((part) => Buffer.from(part)))].join("")) as object;
    expect(told).toEqual({ base64: Buffer.from(parts.flat()).toString("base64") });
  });

  it("is answered as it is taken", async () => {
    const sandbox = await createSandbox(served);
    const line = "0123456789".repeat(10);
    const body = shell(`yes ${line} | head -c 3000000; yes error | head -c 1000000 >&2`);
    const { json, headers } = await served.call("POST", `/v1/sandboxes/${sandbox}/run`, { body });
    expect(headers["transfer-encoding"]).toBe("chunked");
    expect(json.stdout.text === `${line}\n`.repeat(30_000).slice(0, 3_000_000)).toBe(true);
    expect(json.stderr.text).toHaveLength(1_000_000);
    await remove(sandbox);
  });
});

/** The timer of the server's end of a connection: 2 where it asks for signs of life; and in how many hundredths of a second. */
function timerOf(local: number, remote: number): { readonly kind: number; readonly inMs: number } {
  const port = (text: string): number => Number.parseInt(text.split(":")[1]!, 16);
  for (const row of readFileSync("/proc/self/net/tcp", "latin1").split("\n").slice(1)) {
    const columns = row.trim().split(/\s+/);
    if (columns.length < 6 || port(columns[1]!) !== local || port(columns[2]!) !== remote) continue;
    const [kind, when] = columns[5]!.split(":");
    return { kind: Number.parseInt(kind!, 16), inMs: 10 * Number.parseInt(when!, 16) };
  }
  return { kind: 0, inMs: 0 };
}

describe("a peer that is gone without a word", () => {
  it("is asked for a sign of life after twenty seconds, on a request and on a WebSocket", async () => {
    const idle = connect(served.port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    await expect.poll(() => timerOf(served.port, idle.localPort!).kind).toBe(2);
    const { inMs } = timerOf(served.port, idle.localPort!);
    expect(inMs).toBeLessThanOrEqual(20_000);
    expect(inMs).toBeGreaterThan(10_000);
    idle.destroy();
  });

  const has = (command: string): boolean => {
    try {
      execFileSync("unshare", ["-Urn", command, "--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };

  // Eleven seconds, in which nobody works: no peer is given up before it was asked ten times, a second apart.
  it.skipIf(!has("iptables"))(
    "is given up after its silence and ten seconds, with what it asked for",
    async () => {
      const program = join(import.meta.dirname, "half-open.ts");
      const { stdout } = await run("unshare", ["-Urn", process.execPath, program, served.folder]);
      expect(Number(stdout)).toBeGreaterThan(5000);
      expect(Number(stdout)).toBeLessThan(30_000);
    },
  );
});
