import { expect, it } from "vitest";

import { ByteRoom } from "../../../src/server/byte-room.ts";

const small = { most: 100, what: "other requests' bodies", hint: "wait" };

it("has room for so many bytes of all requests together, and gives it back once", () => {
  const room = new ByteRoom(small);
  const [first, second] = [{}, {}];
  room.take(first, 40);
  room.take(second, 40);
  expect(() => room.take(second, 21)).toThrow("40 bytes of other requests' bodies are held");
  room.take(second, 20);
  room.release(first);
  room.release(first);
  expect(room.bytes).toBe(60);
  room.take(second, 1);
  room.release(second);
  expect(room.bytes).toBe(0);
});

it("has room for one body alone, whatever its size", () => {
  const room = new ByteRoom(small);
  const [large, other] = [{}, {}];
  room.take(large, 80);
  room.take(large, 80);
  expect(() => room.take(other, 1)).toThrow();
  room.release(large);
  room.take(other, 1);
  expect(room.bytes).toBe(1);
});

it("takes back parts, and no more than there was", () => {
  const room = new ByteRoom(small);
  const [first, second] = [{}, {}];
  room.take(first, 60);
  room.release(first, 20);
  room.take(second, 60);
  expect(room.bytes).toBe(100);
  room.release(first, 1000);
  room.release(first, 1000);
  expect(room.bytes).toBe(60);
  room.release(second);
  expect(room.bytes).toBe(0);
});
