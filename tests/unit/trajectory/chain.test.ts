import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ChainBuilder } from "../../../src/trajectory/chain.ts";
import { chainOf } from "../../../src/trajectory/trajectory-chain.ts";
import { encodeCbor } from "../model/cbor/encode-cbor.ts";
import { cborValue } from "../model/cbor/cbor-values.ts";
import {
  bool,
  bytes,
  encodeRecord,
  episode,
  float,
  int,
  map,
  store,
  text,
  type RecordFields,
} from "./trajectories.ts";

function sha256(...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The chain by the letter of the format's page, from values instead of bytes. */
function chainByDefinition(records: readonly RecordFields[], manifest: string): string {
  let link = sha256("sameseed/manifest/1\0", manifest);
  for (const [k, record] of records.entries()) {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(k));
    const fields = map(record).entries.filter(([name]) => name !== "k");
    const digests = fields.map(([name, value]) =>
      sha256("sameseed/field/1\0", name, "\0", encodeCbor(value)),
    );
    link = sha256("sameseed/chain/1\0", link, sha256("sameseed/step/1\0", number, ...digests));
  }
  return `sha256:${link.toString("hex")}`;
}

function build(records: readonly RecordFields[], manifest = "{}"): ChainBuilder {
  const builder = new ChainBuilder(Buffer.from(manifest));
  for (const record of records) builder.add(encodeRecord(record));
  return builder;
}

test("digest and content digest are those of the format's definition", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), cborValue, fc.string(), (steps, value, manifest) => {
      const records = episode(steps);
      records[0] = { ...records[0], info: value };
      const digests = build(records, manifest).digests();
      expect(digests.digest).toBe(chainByDefinition(records, manifest));
      expect(digests.contentDigest).toBe(chainByDefinition(records, ""));
      expect(digests).toMatchObject({ records: steps + 2, steps, outcome: "terminated" });
    }),
    { numRuns: 50 },
  );
});

test("values of every size around the inline buffer's are hashed alike", () => {
  for (const size of [0, 1000, 2010, 2020, 2030, 2048, 5000, 100_000]) {
    const records = episode(1);
    records[0] = { ...records[0], observation: { type: "bytes", value: new Uint8Array(size).fill(5) } };
    expect(build(records).digests().digest).toBe(chainByDefinition(records, "{}"));
  }
});

test("the play digest changes with everything but hidden state and ledger", () => {
  const play = (change: RecordFields): string => {
    const records = episode(3);
    records[2] = { ...records[2], ...change };
    return build(records).digests().playDigest;
  };
  expect(play({ hidden: map({ env: bytes(new Uint8Array(32).fill(99)) }) })).toBe(play({}));
  expect(play({ ledger: map({ stat: int(3) }) })).toBe(play({}));
  const changed = [
    { reward: float(2) },
    { action: int(7) },
    { info: map({ a: int(1) }) },
    { truncated: bool(true) },
  ];
  expect(new Set([{}, ...changed].map(play)).size).toBe(5);
});

test("digests can be read while the rollout runs", () => {
  const builder = new ChainBuilder(Buffer.from("{}"));
  const records = episode(2);
  for (const [k, record] of records.entries()) {
    builder.add(encodeRecord(record));
    expect(builder.digests().digest).toBe(chainByDefinition(records.slice(0, k + 1), "{}"));
  }
});

test("a rollout that ends before its reset has a closing record alone", () => {
  const error = map({ type: text("KeyError"), message: text("no"), step: int(0) });
  const closing = { k: int(0), end: text("env_error"), hidden: map({}), error, action: int(1) };
  expect(build([closing]).digests()).toMatchObject({ records: 1, steps: 0, outcome: "env_error" });
});

const [reset = {}, first = {}, , closing = {}] = episode(2);

test.each<[string, RecordFields[]]>([
  ["a first record that is a step", [{ ...first, k: int(0) }]],
  ["a second reset", [reset, { ...reset, k: int(1) }]],
  ["a number left out", [reset, { ...first, k: int(2) }]],
  ["a number twice", [reset, { ...first, k: int(0) }]],
  ["a number that is a float", [{ ...reset, k: float(0) }]],
  ["a negative number", [{ ...reset, k: int(-1) }]],
  ["a number beyond 2^53", [reset, { ...first, k: int(2n ** 60n) }]],
  ["a field too many", [{ ...reset, extra: int(1) }]],
  ["a field too few", [{ k: int(0), info: map({}), hidden: map({}) }]],
  ["hidden that is not a map", [{ ...reset, hidden: int(1) }]],
  ["an error that is not a map", [reset, { ...closing, k: int(1), error: text("no") }]],
  ["an unknown outcome", [reset, { ...closing, k: int(1), end: text("won") }]],
  ["an outcome that is not a text", [reset, { ...closing, k: int(1), end: int(1) }]],
  ["a record after the closing one", [reset, { ...closing, k: int(1) }, { ...first, k: int(2) }]],
])("refuses %s", (_, records) => {
  expect(() => build(records)).toThrow(expect.objectContaining({ code: "protocol_broken" }));
});

test("a stored trajectory's links are those that its chain went through", () => {
  const records = episode(4);
  const chain = chainOf(store(records, '{"a":1}'));
  expect(chain.records).toHaveLength(6);
  for (let k = 0; k < 6; k++) {
    const link = (links: Uint8Array): string =>
      `sha256:${Buffer.from(links.subarray(32 * k, 32 * k + 32)).toString("hex")}`;
    const until = records.slice(0, k + 1);
    expect(link(chain.links)).toBe(chainByDefinition(until, '{"a":1}'));
    expect(link(chain.contentLinks)).toBe(chainByDefinition(until, ""));
    const before =
      k === 0 ? sha256("sameseed/manifest/1\0") : chain.contentLinks.subarray(32 * k - 32, 32 * k);
    const step = chain.stepDigests.subarray(32 * k, 32 * k + 32);
    expect(link(chain.contentLinks)).toBe(
      `sha256:${sha256("sameseed/chain/1\0", before, step).toString("hex")}`,
    );
  }
});

test("a stored trajectory with a broken record is damaged", () => {
  const stored = store([{ ...reset, k: int(3) }]);
  expect(() => chainOf(stored)).toThrow(expect.objectContaining({ code: "run_damaged" }));
});
