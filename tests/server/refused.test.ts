/* A connection that is refused is over, whether its client closes its half or not. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterAll, afterEach, expect, it, vi } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { refuseSocket } from "../../src/server/http/refuse-socket.ts";
import { createSandbox, serve, type Served } from "./served.ts";

const opened: Socket[] = [];
afterAll(async () => await closeSandboxes());
afterEach(() => {
  vi.useRealTimers();
  for (const socket of opened.splice(0)) socket.destroy();
});

/** A client that never closes its half by itself. */
interface Client {
  /** What it was told so far. */
  told: string;
  /** The server's end of the connection. */
  readonly end: Socket;
  readonly write: (text: string) => void;
}

/** Opens a connection, and sends the first of it. */
async function open(served: Served, text: string): Promise<Client> {
  const accepted = Promise.withResolvers<Socket>();
  const accept = (message: unknown): void =>
    accepted.resolve((message as { readonly socket: Socket }).socket);
  subscribe("net.server.socket", accept);
  const socket = connect({ port: served.port, host: "127.0.0.1", allowHalfOpen: true });
  opened.push(socket);
  const write = (more: string): void => void socket.write(more);
  const client: Client = { told: "", end: await accepted.promise, write };
  unsubscribe("net.server.socket", accept);
  socket.on("data", (part) => (client.told += part.toString("latin1")));
  socket.on("error", () => {});
  write(text);
  return client;
}

const upgrade = (path: string, version: number): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

it.each([
  ["a request that does not come", "GET / HTTP/1.1\r\n", 408],
  ["no request", "nonsense\r\n\r\n", 400],
  ["an upgrade to nothing", upgrade("/nowhere", 13), 404],
  ["a handshake that is none", upgrade("/v1/ws", 99), 400],
  ["an upgrade to no address", upgrade("http://[::bad/", 13), 400],
])("ends the connection of %s", async (_, text, status) => {
  await using served = await serve({ requestMs: 600 });
  const client = await open(served, text);
  await expect.poll(() => client.end.destroyed, { timeout: 3000 }).toBe(true);
  // What was sent before the end may still be on its way.
  await expect.poll(() => client.told, { timeout: 3000 }).toContain(`HTTP/1.1 ${status} `);
});

it("keeps no server from its end", async () => {
  const served = await serve();
  const client = await open(served, upgrade("/nowhere", 13));
  await expect.poll(() => client.told).toContain("not_found");
  const closed = served[Symbol.asyncDispose]().then(() => "closed");
  const late = new Promise((resolve) => setTimeout(() => resolve("late"), 1500));
  expect(await Promise.race([closed, late])).toBe("closed");
});

it("waits a second, and no longer, for a peer that takes nothing", () => {
  vi.useFakeTimers();
  const stuck = new Duplex({ read: () => {}, write: () => {} });
  refuseSocket(stuck, new SameseedError("not_found", "nothing is here"));
  vi.advanceTimersByTime(999);
  expect(stuck.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stuck.destroyed).toBe(true);
});

it("writes nothing into an answer that is partly sent", async () => {
  await using served = await serve();
  const path = `/v1/sandboxes/${await createSandbox(served)}/processes`;
  await served.call("POST", path, { body: { command: "cat" } });
  const follow = `GET ${path}/p1/output?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const client = await open(served, follow);
  await served.call("POST", `${path}/p1/stdin?from=0`, { body: Buffer.from("partly") });
  await expect.poll(() => client.told).toContain("partly");
  client.write("nonsense\r\n\r\n");
  await expect.poll(() => client.end.destroyed).toBe(true);
  expect(client.told.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200"]);
});
