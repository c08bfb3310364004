import fc from "fast-check";
import { expect, test } from "vitest";
import { isSameseedError } from "../../../src/base/error.ts";
import { FrameDecoder } from "../../../src/trajectory/frame-decoder.ts";
import { frame } from "./trajectories.ts";

const names = [undefined, "record", "volatile", "end"];

test("frames come out the same whatever the chunks are", () => {
  const payloads = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), {
    maxLength: 8,
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(payloads, cuts, (frames, sizes) => {
      const all = [...frames, [3, Uint8Array.of(9)] as const];
      const stream = Buffer.concat(all.map(([type, payload]) => frame(type, payload)));
      const decoder = new FrameDecoder();
      const seen = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        seen.push(...decoder.push(stream.subarray(at, at + size)));
        at += size;
      }
      decoder.finish();
      expect(decoder.ended).toBe(true);
      expect(seen.map((one) => one.type)).toEqual(all.map(([type]) => names[type]));
      expect(seen.map((one) => Buffer.from(one.payload))).toEqual(
        all.map(([, payload]) => Buffer.from(payload)),
      );
      expect(Buffer.concat(seen.map((one) => one.bytes)).equals(stream)).toBe(true);
    }),
  );
});

test("random bytes give frames or a protocol error, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (chunks) => {
      const decoder = new FrameDecoder({ maxBytes: 100 });
      try {
        for (const chunk of chunks) decoder.push(chunk);
        decoder.finish();
      } catch (error) {
        expect(isSameseedError(error) && error.code).toBe("protocol_broken");
      }
    }),
  );
});

test.each([
  ["an unknown type, before its length is there", [Uint8Array.of(4)]],
  ["type zero", [Uint8Array.of(0, 0, 0, 0, 0)]],
  ["a payload above the limit", [Uint8Array.of(1, 101, 0, 0, 0)]],
  ["a payload above the limit, its header in two chunks", [Uint8Array.of(1, 0, 0), Uint8Array.of(0, 128)]],
  ["bytes after the END frame", [Uint8Array.of(3, 0, 0, 0, 0), Uint8Array.of(1)]],
  ["bytes after the END frame in its chunk", [Uint8Array.of(3, 0, 0, 0, 0, 1)]],
])("refuses %s", (_, chunks) => {
  const decoder = new FrameDecoder({ maxBytes: 100 });
  const push = (): void => {
    for (const chunk of chunks) decoder.push(chunk);
  };
  expect(push).toThrow(expect.objectContaining({ code: "protocol_broken" }));
});

test("a stream that ends inside a frame is broken", () => {
  const decoder = new FrameDecoder();
  expect(decoder.push(Uint8Array.of(1, 4, 0, 0, 0, 1))).toEqual([]);
  expect(() => decoder.finish()).toThrow(expect.objectContaining({ code: "protocol_broken" }));
});

test("a caller cannot raise the format's own limit", () => {
  const decoder = new FrameDecoder({ maxBytes: 2 ** 40 });
  expect(() => decoder.push(Uint8Array.of(1, 255, 255, 255, 255))).toThrow(/above the limit/);
});
