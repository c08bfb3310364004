import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../../src/harness/manifest.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { ChainBuilder } from "../../../src/trajectory/chain.ts";
import { firstDivergence } from "../../../src/trajectory/first-divergence.ts";
import { pastAt, readPast } from "../../../src/trajectory/lineage.ts";
import { chainOf } from "../../../src/trajectory/trajectory-chain.ts";
import { encodeRecord, episode, float, store, type RecordFields } from "./trajectories.ts";

const rootManifest = '{"format":2}';

/** A branch of what is recorded in `past`, which goes on with `records`. */
function branchOf(
  past: readonly Uint8Array[],
  records: readonly RecordFields[],
  reseed: number | null = null,
): Buffer {
  const { step, parent, content } = readPast(past);
  const manifest: JsonObject = { branch: { step, parent, content, reseed }, format: 2 };
  return store(records, canonicalJson(manifest));
}

describe("the chain of a branch", () => {
  it("starts from its parent's chain value and its own manifest, and its content chain goes on", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(), (steps, where) => {
        const records = episode(steps);
        const step = where % steps;
        const whole = chainOf(store(records, rootManifest));
        const past = pastAt([], store(records, rootManifest), step);
        const branch = branchOf(past, records.slice(step + 1));
        const chain = chainOf(branch);
        const link = Buffer.from(whole.links.subarray(step * 32, step * 32 + 32));
        let expected = createHash("sha256")
          .update("sameseed/branch/1\0")
          .update(link)
          .update(chain.blob.manifest)
          .digest();
        for (let k = step + 1; k < records.length; k++)
          expected = createHash("sha256")
            .update("sameseed/chain/1\0")
            .update(expected)
            .update(whole.stepDigests.subarray(k * 32, k * 32 + 32))
            .digest();
        expect(chain.digests.digest).toBe(`sha256:${expected.toString("hex")}`);
        expect(chain.digests.contentDigest).toBe(whole.digests.contentDigest);
        expect(chain.digests.steps).toBe(steps);
        expect(chain.first).toBe(step + 1);
      }),
      { numRuns: 40 },
    );
  });

  it("takes no record but the one behind its start", () => {
    const records = episode(5);
    const past = pastAt([], store(records, rootManifest), 2);
    const { step, parent, content } = readPast(past);
    const manifest = Buffer.from(
      canonicalJson({ branch: { step, parent, content, reseed: null }, format: 2 }),
    );
    for (const wrong of [0, 1, 2, 4]) {
      const builder = new ChainBuilder(manifest);
      expect(() => builder.add(encodeRecord(records[wrong]!))).toThrow(/in a row|only the first/);
    }
    const builder = new ChainBuilder(manifest);
    builder.add(encodeRecord(records[3]!));
    expect(builder.digests()).toMatchObject({ steps: 3, records: 1 });
  });

  it("names a divergence by the step from the reset on", () => {
    const records = episode(6);
    const past = pastAt([], store(records, rootManifest), 2);
    const own = records.slice(3);
    const changed = own.with(1, { ...own[1], reward: float(9) });
    const divergence = firstDivergence(chainOf(branchOf(past, own)), chainOf(branchOf(past, changed)));
    expect(divergence).toMatchObject({ step: 4, field: "reward", expected: 1, actual: 9 });
  });

  it("is refused where the manifest does not say whole where it starts", () => {
    for (const branch of ["7", '{"step":1}', '{"step":-1,"parent":"x","content":"x","reseed":null}'])
      expect(() => new ChainBuilder(Buffer.from(`{"branch":${branch}}`))).toThrow(/where it starts/);
  });
});

describe("a past", () => {
  const records = episode(8);
  const root = store(records, rootManifest);

  it("of a branch of a branch holds every record once and ends with the link that is named", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }), (first, second) => {
        const past = pastAt([], root, first);
        const branch = branchOf(past, records.slice(first + 1), 7);
        const deeper = readPast(pastAt(past, branch, second));
        expect(deeper.step).toBe(second);
        expect(deeper.records.map((record) => Buffer.from(record))).toEqual(
          records.slice(0, second + 1).map((record) => Buffer.from(encodeRecord(record))),
        );
        expect(deeper.totalReward).toBe(second === 0 ? undefined : second);
        expect(deeper.parts.length).toBe(second < first ? 1 : 2);
        expect(deeper.reseeded).toEqual(second < first ? null : { step: first, reseed: 7 });
      }),
    );
  });

  it("is refused where a record, a link or an order of its parts was changed", () => {
    const past = pastAt([], root, 3);
    const branch = branchOf(past, records.slice(4));
    const good = pastAt(past, branch, 5);
    expect(readPast(good).step).toBe(5);
    const other = pastAt([], store(records.with(2, { ...records[2]!, reward: float(5) }), rootManifest), 3);
    const bad = [
      [other[0]!, good[1]!],
      [good[1]!, good[0]!],
      [good[1]!],
      [good[0]!, good[0]!],
      [good[0]!, good[1]!, good[1]!],
    ];
    for (const parts of bad) expect(() => readPast(parts)).toThrow(/past/);
    expect(() => readPast([root])).toThrow(/after its end/);
  });

  it("cannot go on where the episode is over, was cut off or never began", () => {
    for (const step of [8, 9, 100]) expect(() => pastAt([], root, step)).toThrow(/over by then/);
    const open = store(records.slice(0, 5), rootManifest);
    expect(readPast(pastAt([], open, 4)).step).toBe(4);
    expect(() => pastAt([], open, 5)).toThrow(/over by then/);
    const closing = [{ ...records.at(-1)!, k: records[0]!["k"]! }];
    expect(() => pastAt([], store(closing, rootManifest), 0)).toThrow(/over by then/);
  });
});
