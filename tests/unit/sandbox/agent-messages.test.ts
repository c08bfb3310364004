import { expect, test } from "vitest";

import { AgentMessageReader, encodeAgentMessage } from "../../../src/sandbox/agent/wire.ts";

test("a long message that comes byte by byte is not copied anew with each", () => {
  const content = Buffer.alloc(1024 * 1024, 7);
  const message = encodeAgentMessage("data", 5, content);
  const seen: number[] = [];
  const reader = new AgentMessageReader((name, id, payload) => {
    expect([name, id, payload.equals(content)]).toEqual(["data", 5, true]);
    seen.push(payload.length);
  });
  // A million parts of a million bytes: copying all that is there each time would take minutes.
  for (let at = 0; at < message.length; at++) reader.push(message.subarray(at, at + 1));
  reader.push(Buffer.concat([message, message]));
  expect(seen).toEqual([content.length, content.length, content.length]);
});

test.each([
  ["an unknown type", Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 0])],
  ["a length beyond the longest", Buffer.from([1, 0, 16, 0, 0x64, 0, 0, 0, 0])],
])("%s breaks the protocol as soon as its head is there", (_, head) => {
  const reader = new AgentMessageReader(() => {});
  expect(() => reader.push(head.subarray(0, 8))).not.toThrow();
  expect(() => reader.push(head.subarray(8))).toThrow(expect.objectContaining({ code: "protocol_broken" }));
});
