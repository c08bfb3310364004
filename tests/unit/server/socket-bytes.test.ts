/* All connections of a server share its room for messages and answers. */
import { EventEmitter } from "node:events";
import { type Duplex, PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";

import { ByteRoom } from "../../../src/server/byte-room.ts";
import { SocketBytes } from "../../../src/server/http/socket-bytes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection whose client takes an answer when it is told to. */
class Connection extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  closedWith: number | undefined;
  isPaused = false;
  isTerminated = false;
  readonly untaken: (() => void)[] = [];
  send(_: unknown, onSent: () => void): void {
    this.untaken.push(onSent);
  }
  close(code: number): void {
    this.closedWith = code;
    this.readyState = 2;
  }
  pause(): void {
    this.isPaused = true;
  }
  terminate(): void {
    this.isTerminated = true;
    this.emit("close");
  }
}

const room = (most: number): ByteRoom => new ByteRoom({ most, what: "bytes", hint: "wait" });

function open(rooms: { readonly bodies: ByteRoom; readonly answers: ByteRoom }) {
  const [connection, socket] = [new Connection(), new PassThrough() as Duplex];
  let refused = 0;
  const bytes = new SocketBytes(rooms, connection as unknown as WebSocket, socket, () => refused++);
  const come = (length: number): void => void socket.emit("data", Buffer.alloc(length));
  return { connection, socket, bytes, come, refused: () => refused };
}

it("counts what has come of a message that is not whole, and gives it back when it is", () => {
  const rooms = { bodies: room(1000), answers: room(1000) };
  const { connection, come } = open(rooms);
  come(100);
  come(50);
  expect(rooms.bodies.bytes).toBe(150);
  // A frame of 120 bytes has a head of six; what is left is the next message's.
  connection.emit("message", Buffer.alloc(120), true);
  expect(rooms.bodies.bytes).toBe(24);
  come(10_000 - 24);
  connection.emit("message", Buffer.alloc(10_000 - 8), true);
  expect(rooms.bodies.bytes).toBe(0);
  come(136);
  connection.emit("pong", Buffer.alloc(125));
  expect(rooms.bodies.bytes).toBe(5);
  connection.emit("close");
  expect(rooms.bodies.bytes).toBe(0);
});

it("keeps no more than the last bytes behind a message in many frames, whose heads are no message", () => {
  const rooms = { bodies: room(10_000), answers: room(1000) };
  const { connection, come } = open(rooms);
  for (let frame = 0; frame < 100; frame++) come(7);
  connection.emit("message", Buffer.alloc(100), true);
  expect(rooms.bodies.bytes).toBe(7);
});

it("closes a connection for whose message the others leave no room, and no other", () => {
  const rooms = { bodies: room(1000), answers: room(1000) };
  const [first, second] = [open(rooms), open(rooms)];
  first.come(900);
  second.come(101);
  expect([second.connection.closedWith, second.connection.isPaused, second.refused()]).toEqual([
    1013,
    true,
    1,
  ]);
  expect(second.bytes.hold(1)).toBeUndefined();
  second.bytes.send("x");
  expect([second.connection.untaken.length, second.refused()]).toEqual([0, 1]);
  vi.advanceTimersByTime(1000);
  expect([second.connection.isTerminated, first.connection.closedWith]).toEqual([true, undefined]);
  expect(rooms.bodies.bytes).toBe(900);
});

it("holds a message until it is answered, also where its client is gone", () => {
  const rooms = { bodies: room(1000), answers: room(1000) };
  const { connection, bytes, come } = open(rooms);
  come(506);
  connection.emit("message", Buffer.alloc(498), true);
  const release = bytes.hold(498);
  connection.emit("close");
  expect(rooms.bodies.bytes).toBe(498);
  release?.();
  expect(rooms.bodies.bytes).toBe(0);
});

it("holds an answer until its client takes it, and closes a connection where others do not", () => {
  const rooms = { bodies: room(1000), answers: room(1000) };
  const [first, second] = [open(rooms), open(rooms)];
  const taken = vi.fn();
  // One alone may have more.
  first.bytes.send(new Uint8Array(2000), taken);
  second.bytes.send("no room");
  expect([rooms.answers.bytes, second.connection.closedWith]).toEqual([2000, 1013]);
  first.connection.untaken[0]!();
  expect([rooms.answers.bytes, taken.mock.calls.length]).toEqual([0, 1]);
  const third = open(rooms);
  third.bytes.send("\u{1f600}");
  expect(rooms.answers.bytes).toBe(4);
});
