import { expect, test } from "vitest";
import {
  checkSummary,
  decodeEnd,
  decodeRecord,
  decodeVolatile,
  unsignedAt,
} from "../../../src/trajectory/records.ts";
import type { CborValue } from "../../../src/model/cbor/value.ts";
import type { EndSummary, TrajectoryDigests } from "../../../src/model/trajectory.ts";
import { encodeCbor, head } from "../model/cbor/encode-cbor.ts";
import {
  bool,
  bytes,
  encodeRecord,
  entriesOf,
  episode,
  float,
  float32s,
  int,
  map,
  text,
  type RecordFields,
} from "./trajectories.ts";

const summary: RecordFields = {
  outcome: text("env_error"),
  steps: int(3),
  totalReward: float(NaN),
  seeded: { type: "list", items: [text("env"), text("random")] },
  warnings: { type: "list", items: [] },
  volatile: { type: "list", items: [text("episode.t")] },
  orderDigest: bytes(new Uint8Array(32).fill(255)),
  error: map({
    type: text("ValueError"),
    message: text("no"),
    traceback: text(""),
    step: { type: "null" },
    by: text("environment"),
    kind: text("raised"),
  }),
};

test("the three kinds of records decode to their fields", () => {
  const [reset = {}, step = {}, closing = {}] = episode(1);
  expect(decodeRecord(encodeRecord(reset), "run_damaged")).toMatchObject({
    kind: "reset",
    k: 0,
    observation: { dtype: "float32", shape: [4] },
    hidden: entriesOf(reset["hidden"]),
  });
  expect(decodeRecord(encodeRecord(step), "run_damaged")).toMatchObject({
    kind: "step",
    k: 1,
    reward: float(1),
    terminated: bool(true),
    truncated: bool(false),
  });
  const failed = {
    ...closing,
    end: text("illegal_action"),
    error: map({ step: int(2) }),
    action: float32s(1),
  };
  expect(decodeRecord(encodeRecord(failed), "run_damaged")).toMatchObject({
    kind: "closing",
    k: 2,
    end: "illegal_action",
    error: [["step", int(2)]],
    action: { dtype: "float32" },
  });
});

test("each kind of record may have a ledger behind its hidden state", () => {
  const ledger = map({ clock: int(3), entropy: int(16) });
  for (const record of episode(1)) {
    const kind = decodeRecord(encodeRecord(record), "run_damaged").kind;
    const asked = decodeRecord(encodeRecord({ ...record, ledger }), "run_damaged");
    expect(asked).toMatchObject({ kind, ledger: { clock: 3, entropy: 16 } });
    expect(Object.keys(decodeRecord(encodeRecord(record), "run_damaged"))).not.toContain("ledger");
  }
});

test.each<[string, CborValue]>([
  ["an empty ledger", map({ ...episode(0)[0], ledger: map({}) })],
  ["a ledger with a zero", map({ ...episode(0)[0], ledger: map({ clock: int(0) }) })],
  ["a ledger of texts", map({ ...episode(0)[0], ledger: map({ clock: text("3") }) })],
  ["a ledger that is not a map", map({ ...episode(0)[0], ledger: int(1) })],
  [
    "a ledger in the place of hidden state",
    map({ k: int(0), info: map({}), ledger: map({ clock: int(1) }) }),
  ],
  ["a list", { type: "list", items: [] }],
  ["an empty map", map({})],
  ["a reset with another number", map({ ...episode(0)[0], k: int(1) })],
  ["a step numbered 0", map({ ...episode(1)[1], k: int(0) })],
  ["a step with a field too many", map({ ...episode(1)[1], more: int(0) })],
  ["an unknown outcome", map({ ...episode(0)[1], end: text("lost") })],
  ["hidden that is not a map", map({ ...episode(0)[0], hidden: int(0) })],
  ["an error that is not a map", map({ ...episode(0)[1], error: int(0) })],
])("refuses %s as a record", (_, value) => {
  expect(() => decodeRecord(encodeCbor(value), "protocol_broken")).toThrow(
    expect.objectContaining({ code: "protocol_broken" }),
  );
});

test("the summary decodes with a reward that is not a number", () => {
  expect(decodeEnd(encodeRecord(summary), "run_damaged")).toEqual({
    outcome: "env_error",
    steps: 3,
    totalReward: NaN,
    seeded: ["env", "random"],
    warnings: [],
    volatile: ["episode.t"],
    orderDigest: "ff".repeat(32),
    error: {
      type: "ValueError",
      message: "no",
      traceback: "",
      step: null,
      by: "environment",
      kind: "raised",
    },
  });
});

test("the summary may name what of the world did not hold", () => {
  const notHeld: CborValue = { type: "list", items: [text("threads")] };
  expect(decodeEnd(encodeRecord({ ...summary, notHeld }), "run_damaged").notHeld).toEqual(["threads"]);
});

test("the total reward may be a list, a map or nothing", () => {
  const list: CborValue = { type: "list", items: [float(1), { type: "list", items: [float(-0)] }] };
  const map: CborValue = { type: "map", entries: [["left", float(NaN)]] };
  const read = (totalReward: CborValue): unknown =>
    decodeEnd(encodeRecord({ ...summary, totalReward }), "run_damaged").totalReward;
  expect([read(list), read(map), read({ type: "null" })]).toEqual([[1, [-0]], { left: NaN }, null]);
});

test.each<[string, RecordFields]>([
  ["a total reward that holds a text", { totalReward: { type: "list", items: [text("1")] } }],
  ["things not held that are not texts", { notHeld: { type: "list", items: [int(1)] } }],
  ["a total reward that is an integer", { totalReward: int(1) }],
  ["a negative number of steps", { steps: int(-1) }],
  ["an outcome that is unknown", { outcome: text("won") }],
  ["an order digest of the wrong size", { orderDigest: bytes(new Uint8Array(31)) }],
  ["warnings that are not texts", { warnings: { type: "list", items: [int(1)] } }],
  [
    "a fault without an owner",
    { error: map({ ...Object.fromEntries(entriesOf(summary["error"])), by: text("me") }) },
  ],
  [
    "a fault of an unknown kind",
    { error: map({ ...Object.fromEntries(entriesOf(summary["error"])), kind: text("BadPolicy") }) },
  ],
  ["an error without a message", { error: map({ by: text("policy"), step: int(1), type: text("x") }) }],
])("refuses %s in the summary", (_, change) => {
  const payload = encodeRecord({ ...summary, ...change });
  expect(() => decodeEnd(payload, "protocol_broken")).toThrow(
    expect.objectContaining({ code: "protocol_broken" }),
  );
});

test("a summary must agree with its chain", () => {
  const end: EndSummary = decodeEnd(encodeRecord(summary), "run_damaged");
  const chain: TrajectoryDigests = {
    digest: "",
    contentDigest: "",
    playDigest: "",
    records: 5,
    steps: 3,
    outcome: "env_error",
  };
  expect(() => checkSummary(end, chain, "protocol_broken")).not.toThrow();
  expect(() => checkSummary(end, { ...chain, steps: 4 }, "protocol_broken")).toThrow(/counts 3 steps/);
  expect(() => checkSummary(end, { ...chain, outcome: null }, "protocol_broken")).toThrow(
    /closing record nothing/,
  );
});

test("volatile info may hold values without an encoding, records may not", () => {
  const info = map({ "episode.t": float(0.5), handle: { type: "opaque", name: "m.Handle" } });
  expect(decodeVolatile(encodeRecord({ k: int(4), info }), "run_damaged")).toEqual({
    k: 4,
    info: info.entries,
  });
  const beside = { k: int(4), info: map({}), ledger: map({ clock: int(50) }) };
  expect(decodeVolatile(encodeRecord(beside), "run_damaged")).toEqual({
    k: 4,
    info: [],
    ledger: { clock: 50 },
  });
  const empty = { ...beside, ledger: map({}) };
  expect(() => decodeVolatile(encodeRecord(empty), "run_damaged")).toThrow(/a ledger is empty/);
  const reset = { ...episode(0)[0], info };
  expect(() => decodeRecord(encodeRecord(reset), "run_damaged")).toThrow(/without an encoding/);
});

test("unsigned integers are read without building values", () => {
  for (const value of [0, 23, 24, 255, 256, 65_536, 2 ** 32, 2 ** 53 - 1]) {
    const encoded = head(0, value);
    expect(unsignedAt(encoded, { name: "k", start: 0, end: encoded.length })).toBe(value);
  }
  expect(unsignedAt(head(0, 2 ** 53), { name: "k", start: 0, end: 9 })).toBeUndefined();
  expect(unsignedAt(head(1, 0), { name: "k", start: 0, end: 1 })).toBeUndefined();
});
