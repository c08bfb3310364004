import { describe, expect, it } from "vitest";

import type { CborValue } from "../../../src/model/cbor/value.ts";
import { type RewardSum, withRecorded } from "../../../src/model/reward-sum.ts";
import { bool, float, int, map, text } from "../trajectory/trajectories.ts";

const list = (...items: CborValue[]): CborValue => ({ type: "list", items });
const array = (count: number): CborValue => ({
  type: "ndarray",
  dtype: "float64",
  shape: [count],
  data: new Uint8Array(new Float64Array(count).fill(1).buffer),
});
const nested = (depth: number): CborValue => (depth === 0 ? float(1) : list(nested(depth - 1)));

function sumOf(...rewards: CborValue[]): RewardSum | undefined {
  let sum: RewardSum | undefined;
  for (const reward of rewards) sum = withRecorded(sum, reward);
  return sum;
}

describe("recorded rewards", () => {
  it("are added elementwise", () => {
    expect(sumOf()).toBeUndefined();
    expect(sumOf(float(1), int(2), bool(true))).toBe(4);
    expect(sumOf(list(float(1), float(2)), list(float(3), int(4)))).toEqual([4, 6]);
    expect(sumOf(map({ a: float(1) }), map({ a: float(1), b: float(5) }))).toEqual({ a: 2, b: 5 });
  });

  it.for<[string, CborValue[]]>([
    ["change their shape", [list(float(1)), list(float(1), float(2))]],
    ["change their kind", [float(5), list(float(1))]],
    ["hold a text", [list(text("a"))]],
    ["hold None", [map({ a: { type: "null" } })]],
    ["have too many numbers", [array(4097)]],
    ["have too many numbers in several lists", [list(array(4000), list(array(97)))]],
    ["are nested too deep", [nested(9)]],
    ["have a name that is too long", [map({ ["n".repeat(201)]: float(1) })]],
  ])("that %s have no sum, whatever comes after them", ([, rewards]) => {
    expect(sumOf(...rewards)).toBeNull();
    expect(sumOf(...rewards, float(1))).toBeNull();
  });

  it("have a sum up to the limits", () => {
    expect(sumOf(array(4096))).toHaveLength(4096);
    expect(JSON.stringify(sumOf(nested(8)))).toBe("[[[[[[[[1]]]]]]]]");
    expect(sumOf(map({ ["😀".repeat(200)]: float(1) }))).toEqual({ ["😀".repeat(200)]: 1 });
  });
});
