import fc from "fast-check";
import { expect, test } from "vitest";
import { isSameseedError } from "../../../src/base/error.ts";
import {
  buildTrajectoryBlob,
  framesOf,
  parseTrajectoryBlob,
  recordsOf,
} from "../../../src/trajectory/trajectory-blob.ts";
import { encodeRecord, episode, frame, store } from "./trajectories.ts";

test("a blob holds its manifest and frames exactly", () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 30 })));
  fc.assert(
    fc.property(fc.uint8Array(), frames, fc.boolean(), (manifest, parts, ended) => {
      const all = ended ? [...parts, [3, Uint8Array.of(1)] as const] : parts;
      const sent = all.map(([type, payload]) => frame(type, payload));
      const stored = buildTrajectoryBlob(manifest, sent);
      expect(stored.subarray(0, 8).toString()).toBe("SSTRAJ2\n");
      const blob = parseTrajectoryBlob(stored);
      expect(Buffer.compare(blob.manifest, manifest)).toBe(0);
      expect(Array.from(framesOf(blob), ({ bytes }) => Buffer.from(bytes))).toEqual(sent);
      const records = all.filter(([type]) => type === 1).map(([, payload]) => Buffer.from(payload));
      expect(Array.from(recordsOf(blob), (record) => Buffer.from(record))).toEqual(records);
    }),
  );
});

test("a blob cut at any byte is damaged or shorter, and never anything else", () => {
  const stored = store(episode(2));
  const whole = Array.from(recordsOf(parseTrajectoryBlob(stored))).length;
  for (let length = 0; length < stored.length; length++) {
    try {
      const records = Array.from(recordsOf(parseTrajectoryBlob(stored.subarray(0, length))));
      expect(records.length).toBeLessThan(whole);
    } catch (error) {
      expect(isSameseedError(error) && error.code).toBe("run_damaged");
    }
  }
});

test("frames are read one at a time, so a broken one harms none before it", () => {
  const [first] = episode(0).map(encodeRecord);
  const stored = buildTrajectoryBlob(Buffer.from("{}"), [
    frame(1, first ?? new Uint8Array()),
    Buffer.from([9]),
  ]);
  const records = recordsOf(parseTrajectoryBlob(stored));
  expect(records.next().done).toBe(false);
  expect(() => records.next()).toThrow(expect.objectContaining({ code: "run_damaged" }));
});

test("bytes after the END frame are damage", () => {
  const stored = buildTrajectoryBlob(Buffer.from("{}"), [
    frame(3, Buffer.alloc(1)),
    frame(1, Buffer.alloc(1)),
  ]);
  expect(() => Array.from(framesOf(parseTrajectoryBlob(stored)))).toThrow(/follow the END frame/);
});
