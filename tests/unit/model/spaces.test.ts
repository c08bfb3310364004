import { expect, it } from "vitest";

import type { CborValue } from "../../../src/model/cbor/value.ts";
import { readSeatSpaces, readSpaces } from "../../../src/model/spaces.ts";

const text = (value: string): CborValue => ({ type: "text", value });
const int = (value: number): CborValue => ({ type: "int", value: BigInt(value) });
const list = (...items: CborValue[]): CborValue => ({ type: "list", items });
const map = (fields: Readonly<Record<string, CborValue>>): CborValue => ({
  type: "map",
  entries: Object.entries(fields),
});
const coin = map({ type: text("Discrete"), n: int(2), start: int(0), dtype: text("int64") });
const told = { type: "Discrete", n: 2, start: 0, dtype: "int64" };

function read(action: CborValue): unknown {
  return readSeatSpaces(map({ action })).action;
}

it("reads nested spaces", () => {
  expect(read(map({ type: text("Dict"), spaces: list(list(text("b"), coin), list(int(1), coin)) }))).toEqual({
    type: "Dict",
    spaces: [
      ["b", told],
      [1, told],
    ],
  });
  expect(read(map({ type: text("Tuple"), spaces: list(coin, coin) }))).toEqual({
    type: "Tuple",
    spaces: [told, told],
  });
  expect(read(map({ type: text("Graph"), node_space: coin, edge_space: { type: "null" } }))).toEqual({
    type: "Graph",
    nodeSpace: told,
    edgeSpace: null,
  });
  expect(
    read(map({ type: text("Sequence"), feature_space: coin, stack: { type: "bool", value: true } })),
  ).toEqual({ type: "Sequence", featureSpace: told, stack: true });
  expect(
    read(map({ type: text("Text"), min_length: int(1), max_length: int(4), charset: text("ab") })),
  ).toEqual({ type: "Text", minLength: 1, maxLength: 4, charset: "ab" });
});

it("names a space of another class, or one of which parts are missing", () => {
  expect(read(map({ type: text("mine.Space") }))).toEqual({ type: "other", name: "mine.Space" });
  expect(read(map({ type: text("Box"), dtype: text("int8") }))).toEqual({ type: "other", name: "Box" });
  expect(read(map({ type: text("Graph") }))).toEqual({ type: "other", name: "Graph" });
});

it("finds nothing where nothing was told", () => {
  const nothing = { action: undefined, observation: undefined };
  expect(readSpaces(undefined)).toEqual({});
  expect(readSeatSpaces(int(1))).toEqual(nothing);
  expect(readSeatSpaces(map({ action: int(1) }))).toEqual(nothing);
});
