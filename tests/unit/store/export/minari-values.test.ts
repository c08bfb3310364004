/* A dataset has values as they were, or is not written. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import type { CborValue } from "../../../../src/model/cbor/value.ts";
import type { ColumnKind } from "../../../../src/store/export/column.ts";
import { exportMinari } from "../../../../src/store/export/minari-export.ts";
import { fitsMinari } from "../../../../src/store/export/minari-space.ts";
import { episode, float, float32s, int } from "../../trajectory/trajectories.ts";
import { box, madeRun } from "./made-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-values-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const array = (dtype: "float64" | "int64", data: Float64Array | BigInt64Array): CborValue => ({
  type: "ndarray",
  dtype,
  shape: [data.length],
  data: new Uint8Array(data.buffer),
});
const doubles = array("float64", Float64Array.of(0.1, 0.2, 0.3, 0.4));
const longs = array("int64", BigInt64Array.of(300n));

it.each(["uint8", "float64", "int64"])(
  "refuses float32 values in a space of %s, and leaves nothing",
  async (dtype) => {
    const place = join(folder, `${dtype}-v0`);
    await expect(exportMinari(madeRun(episode(2), box(dtype, [4])), place)).rejects.toThrow(
      /the observation of step 0 of episode 0 is an array of float32 of shape \[4\]/,
    );
    expect(readdirSync(folder)).toEqual([]);
  },
);

const list = (dtype: "float32" | "uint8", length: number): ColumnKind => ({
  kind: "list",
  element: dtype === "uint8" ? "int32" : "float32",
  length,
  array: { dtype, shape: [length] },
});

it.each<[string, CborValue, ColumnKind, boolean]>([
  ["float32 in float32", float32s(0.1, 0.2), list("float32", 2), true],
  ["too few numbers", float32s(0.1), list("float32", 2), false],
  ["float64 in float32", doubles, list("float32", 4), false],
  ["int64 in uint8", longs, list("uint8", 1), false],
  ["a number in a list", int(1), list("uint8", 1), false],
  ["an int64 of numpy among whole numbers", longs, { kind: "int64" }, true],
  ["a whole number", int(3), { kind: "int64" }, true],
  ["a whole number beyond 64 bits", int(2n ** 63n), { kind: "int64" }, false],
  ["a float among whole numbers", float(1), { kind: "int64" }, false],
  ["a float of numpy among whole numbers", float32s(1.5), { kind: "int64" }, false],
  ["a whole number as a reward", int(3), { kind: "float64" }, true],
  ["a whole number that a reward would round", int(2n ** 53n + 1n), { kind: "float64" }, false],
  ["a float of numpy as a reward", float32s(1.5), { kind: "float64" }, true],
  ["two rewards", float32s(1, 2), { kind: "float64" }, false],
])("has room for %s, or not", (_name, value, kind, fits) => {
  expect(fitsMinari(value, kind)).toBe(fits);
});
