import { expect, test } from "vitest";

import { RolloutRecording } from "../../../src/trajectory/rollout-recording.ts";
import { encodeRecord, episode, float, frame, int, map } from "./trajectories.ts";
import { encodeCbor } from "../model/cbor/encode-cbor.ts";

const manifest = Buffer.from("{}");
const [reset, ...others] = episode(2).map((record) => frame(1, encodeRecord(record)));
const volatile = (value: Parameters<typeof encodeCbor>[0]): Buffer => frame(2, encodeCbor(value));

test("what it takes live can be read again: volatile info that is none breaks the protocol", () => {
  const right = new RolloutRecording(manifest);
  expect(right.push(Buffer.concat([reset!, volatile(map({ k: int(0), info: map({}) })), ...others]))).toBe(
    true,
  );
  expect(right.rewardSum()).toBe(2);
  for (const wrong of [volatile(map({ k: int(0) })), volatile(float(1)), frame(2, Buffer.from([0xff]))]) {
    const recording = new RolloutRecording(manifest);
    expect(recording.push(Buffer.concat([reset!, wrong]))).toBe(false);
    expect(recording.broken?.code).toBe("protocol_broken");
    expect(recording.digests().records).toBe(1);
    expect(recording.rewardSum()).toBe(0);
  }
});
