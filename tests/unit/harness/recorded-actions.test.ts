import { expect, test } from "vitest";
import { recordedActions, recordedPolicyEnd } from "../../../src/harness/recorded-actions.ts";
import {
  buildTrajectoryBlob,
  parseTrajectoryBlob,
  type TrajectoryBlob,
} from "../../../src/trajectory/trajectory-blob.ts";
import type { CborValue } from "../../../src/model/cbor/value.ts";
import { encodeCbor } from "../model/cbor/encode-cbor.ts";
import {
  bytes,
  encodeRecord,
  episode,
  float,
  frame,
  int,
  map,
  store,
  text,
} from "../trajectory/trajectories.ts";

test.each([0, 1, 23, 24, 255, 256, 300])("%i actions are a canonical list of what was recorded", (steps) => {
  const records = episode(steps);
  const actions = records.flatMap(({ action }) => (action === undefined ? [] : [action]));
  const expected = encodeCbor({ type: "list", items: actions }).toString("base64");
  expect(recordedActions(parseTrajectoryBlob(store(records)))).toBe(expected);
});

test("more than 65,535 actions take a longer head", () => {
  const [, step = {}] = episode(1);
  const one = frame(1, encodeRecord({ ...step, action: int(1) }));
  const blob = parseTrajectoryBlob(buildTrajectoryBlob(Buffer.from("{}"), Array(65_536).fill(one)));
  const list = Buffer.from(recordedActions(blob), "base64");
  expect(list.length).toBe(5 + 65_536);
  expect(list.subarray(0, 6).toString("hex")).toBe("9a0001000001");
});

test("the action that failed is replayed too", () => {
  const records = episode(1, "illegal_action");
  const closing = { ...records.at(-1), action: int(9) };
  const blob = parseTrajectoryBlob(store([...records.slice(0, -1), closing]));
  expect(Buffer.from(recordedActions(blob), "base64").at(-1)).toBe(9);
});

test("how a policy ended its rollout is replayed, and what an environment did is not", () => {
  const end = (by: string, outcome: string): CborValue =>
    map({
      outcome: text(outcome),
      steps: int(1),
      totalReward: float(1),
      seeded: { type: "list", items: [] },
      warnings: { type: "list", items: [] },
      volatile: { type: "list", items: [] },
      orderDigest: bytes(new Uint8Array(32)),
      error: map({
        type: text("KeyError"),
        message: text("lost"),
        traceback: text("…"),
        step: int(2),
        by: text(by),
        kind: text("raised"),
      }),
    });
  const stored = (summary: CborValue): TrajectoryBlob => {
    const records = episode(1).map((record) => frame(1, encodeRecord(record)));
    const frames = [...records, frame(3, new Uint8Array(encodeCbor(summary)))];
    return parseTrajectoryBlob(buildTrajectoryBlob(Buffer.from("{}"), frames));
  };
  expect(recordedPolicyEnd(stored(end("policy", "policy_error")))).toEqual({
    outcome: "policy_error",
    error: { kind: "raised", type: "KeyError", message: "lost" },
    refused: false,
  });
  expect(recordedPolicyEnd(stored(end("environment", "env_error")))).toBeUndefined();
  expect(recordedPolicyEnd(parseTrajectoryBlob(store(episode(1))))).toBeUndefined();
});
