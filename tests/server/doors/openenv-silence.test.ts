/* Who is gone is found, whatever its connection waits for. */
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";

import { makeRooms } from "../../../src/server/byte-room.ts";
import type { ServerContext } from "../../../src/server/context.ts";
import type { OpenEnvEpisodes } from "../../../src/server/doors/openenv/openenv-episodes.ts";
import { OpenEnvSession } from "../../../src/server/doors/openenv/openenv-session.ts";
import { SocketBytes } from "../../../src/server/http/socket-bytes.ts";

const mib = 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection to a peer that says nothing. */
class Silent extends EventEmitter {
  readonly OPEN = 1;
  readonly readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  isTerminated = false;
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  terminate(): void {
    this.isTerminated = true;
    this.emit("close");
  }
  ping(): void {}
  send(): void {}
}

/** Serves it; a reset never ends. */
function serve(socket: Silent): Promise<void> {
  const episodes = { reset: async () => await new Promise(() => {}), state: () => ({}) };
  const context = {} as unknown as ServerContext;
  const bytes = new SocketBytes(makeRooms(), socket as unknown as WebSocket, new PassThrough(), () => {});
  return new OpenEnvSession(
    context,
    socket as unknown as WebSocket,
    bytes,
    episodes as unknown as OpenEnvEpisodes,
  ).serve();
}

it("ends a connection that does not take its answers", async () => {
  const socket = new Silent();
  const served = serve(socket);
  socket.bufferedAmount = 40 * mib;
  socket.emit("message", Buffer.from(`{"type":"state"}`), false);
  expect(socket.isPaused).toBe(true);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(socket.isTerminated).toBe(false);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(socket.isTerminated).toBe(true);
  await served;
});

it("ends none of whose requests too much is unanswered: it is not read", async () => {
  const socket = new Silent();
  void serve(socket);
  const padding = "x".repeat(2 * mib);
  socket.emit("message", Buffer.from(JSON.stringify({ type: "reset", data: { padding } })), false);
  expect(socket.isPaused).toBe(true);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(socket.isTerminated).toBe(false);
});
