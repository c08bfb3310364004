import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { faultKinds, outcomes } from "../../../src/model/outcome.ts";
import { decodeRow, encodeRow, encodeSummary } from "../../../src/store/row.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import {
  decodeEntryHeader,
  encodeEntry,
  entryHasher,
  entryHeaderBytes,
  segmentKey,
} from "../../../src/store/segment-format.ts";
import { packTrajectory, unpackTrajectory } from "../../../src/store/trajectory-payload.ts";
import { sampleManifest, sampleRollout } from "./sample-rollout.ts";
import { temporaryFolder } from "./store-fixture.ts";

const golden = join(import.meta.dirname, "../../golden/segment-v1.hex");
/** Too short to compress: the golden bytes do not depend on a version of zstd. */
const shortRollout = (seed: number) => ({
  ...sampleRollout(seed),
  trajectory: Buffer.from(`SSTRAJ1\n${seed}`),
});
const goldenManifest = sampleManifest(3);

function goldenBytes(): Buffer {
  return Buffer.from(readFileSync(golden, "utf8").replaceAll(/\s/g, ""), "hex");
}

test("a run is written with the bytes of format 1", async () => {
  const folder = temporaryFolder();
  const writer = await RunWriter.create(folder, goldenManifest, { syncEveryMs: 3_600_000 });
  for (const seed of [2, 0]) await writer.append(shortRollout(seed));
  await writer.close();
  const written = readFileSync(join(folder, "segments", "000001.seg"));
  expect(written.toString("hex")).toBe(goldenBytes().toString("hex"));
});

test("the bytes of format 1 are read", async () => {
  const folder = temporaryFolder();
  await (await RunWriter.create(folder, goldenManifest)).close();
  mkdirSync(join(folder, "segments"), { recursive: true });
  writeFileSync(join(folder, "segments", "000001.seg"), goldenBytes());
  using reader = await RunReader.open(folder, { checkAll: true });
  expect([...reader.rows()]).toEqual([shortRollout(0).summary, shortRollout(2).summary]);
  expect(reader.trajectory(2)).toEqual(shortRollout(2).trajectory);
});

test("entries decode to what was encoded, and to nothing at another place", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 4 });
  const kinds = fc.constantFrom("trajectory" as const, "row" as const);
  const place = fc.record({
    run: fc.string(),
    number: fc.integer({ min: 1, max: 999_999 }),
    offset: fc.maxSafeNat(),
  });
  fc.assert(
    fc.property(kinds, parts, place, place, (kind, payload, here, there) => {
      const key = segmentKey(here.run, here.number);
      const bytes = Buffer.concat(encodeEntry(key, here.offset, { kind, payload }));
      const header = decodeEntryHeader(bytes);
      const content = bytes.subarray(entryHeaderBytes);
      expect(header).toMatchObject({ kind, payloadBytes: content.length });
      expect(content).toEqual(Buffer.concat(payload));
      const plain = bytes.subarray(0, 12);
      const check = (run: string, number: number, offset: number): boolean => {
        const hasher = entryHasher(segmentKey(run, number), offset, plain);
        hasher.update(content);
        return hasher.digest().equals(bytes.subarray(12, 44));
      };
      const same = here.run === there.run && here.number === there.number && here.offset === there.offset;
      expect(check(here.run, here.number, here.offset)).toBe(true);
      expect(check(there.run, there.number, there.offset)).toBe(same);
    }),
  );
});

test("no bytes make the header reader fail", () => {
  const almost = fc.tuple(
    fc.constant(Buffer.from([0xf5, 0x53, 0x53, 0x45])),
    fc.uint8Array({ maxLength: 60 }),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    almost.map((parts) => Buffer.concat(parts)),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      const header = decodeEntryHeader(Buffer.from(input));
      if (header !== undefined) expect(header.payloadBytes).toBeLessThanOrEqual(1024 ** 3);
    }),
  );
});

test("trajectories of any content come back, and only under their own address", () => {
  const repeated = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(500));
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    repeated.map(([part, times]) => Buffer.concat(Array(times).fill(part) as Uint8Array[])),
  );
  fc.assert(
    fc.property(content, (recorded) => {
      const packed = packTrajectory(recorded);
      const payload = Buffer.concat(packed.payload);
      expect(payload.length).toBe(packed.payloadBytes);
      expect(payload.length).toBeLessThanOrEqual(recorded.length + 40);
      expect(unpackTrajectory(payload, packed.address.toString("hex"))).toEqual(Buffer.from(recorded));
      expect(unpackTrajectory(payload, "00".repeat(32))).toBeUndefined();
    }),
  );
});

test("no payload makes the trajectory reader fail or grow", () => {
  const bomb = Buffer.concat(packTrajectory(Buffer.alloc(50_000_000)).payload);
  expect(bomb.length).toBeLessThan(100_000);
  const address = bomb.toString("hex", 0, 32);
  const small = Buffer.from(bomb);
  small.writeUInt32LE(1000, 36);
  expect(unpackTrajectory(small, address)).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const payload = Buffer.from(bytes);
      const found = unpackTrajectory(payload, payload.toString("hex", 0, 32));
      expect(found).toBeUndefined();
    }),
  );
});

test("a compressed trajectory of format 1 is read", () => {
  // "aaaa…" (100 times) as a zstd frame, independent of what this version of zstd would write.
  const address = "2816597888e4a0d3a36b82b83316ab32680eb8f00f8cd3b904d681246d285a0e";
  const payload = Buffer.from(`${address}010000006400000028b52ffd206445000010616101003f012c`, "hex");
  expect(unpackTrajectory(payload, payload.toString("hex", 0, 32))?.toString()).toBe("a".repeat(100));
});

test("rows come back exactly, whatever the rollout did", () => {
  const fault = fc.record(
    {
      by: fc.constantFrom("environment" as const, "policy" as const),
      kind: fc.constantFrom(...faultKinds),
      type: fc.string({ unit: "binary" }),
      message: fc.string({ unit: "binary" }),
      step: fc.nat(),
      traceback: fc.string({ unit: "grapheme" }),
    },
    { requiredKeys: ["by", "kind", "type", "message"], noNullPrototype: true },
  );
  const changes = fc.record(
    {
      outcome: fc.constantFrom(...outcomes),
      totalReward: fc.double(),
      steps: fc.nat(),
      warnings: fc.array(fc.string({ unit: "binary" })),
      error: fc.option(fault, { nil: undefined }),
    },
    { requiredKeys: ["outcome", "totalReward", "steps", "warnings"] },
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), changes, (seed, { error, ...change }) => {
      const { summary } = sampleRollout(1, { seed, ...change, ...(error === undefined ? {} : { error }) });
      const trajectory = { segment: 3, offset: 64, address: "ab".repeat(32) };
      expect(decodeRow(encodeRow(encodeSummary(summary), trajectory))).toStrictEqual({ summary, trajectory });
    }),
  );
});

test("no bytes make the row reader fail", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        expect(decodeRow(Buffer.from(bytes))).toBeUndefined();
      },
    ),
  );
});
