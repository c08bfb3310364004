import { expect, it } from "vitest";

import { SchemaParts } from "../../../src/server/http/schema-parts.ts";

const json = (ref: string) => ({ anyOf: [{ type: "string" }, { type: "array", items: { $ref: ref } }] });

it("moves what a schema refers to, and what says the same once", () => {
  const parts = new SchemaParts();
  const first = parts.add({
    type: "object",
    properties: { a: { $ref: "#/$defs/x" }, b: { $ref: "#/$defs/y" } },
    $defs: { x: json("#/$defs/x"), y: json("#/$defs/y") },
  });
  const part = { $ref: "#/components/schemas/Part1" };
  expect(first).toEqual({ type: "object", properties: { a: part, b: part } });
  expect(parts.add(json("#"))).toEqual(part);
  expect(parts.all).toEqual({ Part1: json(part.$ref) });
});

it("keeps parts apart that refer to others of their schema", () => {
  const parts = new SchemaParts();
  const add = (type: string) =>
    parts.add({ $ref: "#/$defs/a", $defs: { a: { items: { $ref: "#/$defs/b" } }, b: { type } } });
  const [strings, numbers] = [add("string"), add("number")] as { $ref: string }[];
  expect(strings).not.toEqual(numbers);
  const all = parts.all as Record<string, { items: { $ref: string }; type?: string }>;
  const named = (ref: string) => all[ref.split("/").at(-1)!]!;
  expect(named(named(strings!.$ref).items.$ref)).toEqual({ type: "string" });
  expect(named(named(numbers!.$ref).items.$ref)).toEqual({ type: "number" });
});

it("leaves a schema as it is that refers to nothing of its own", () => {
  const parts = new SchemaParts();
  const schema = { type: "object", properties: { $ref: { type: "string" } } };
  expect([parts.add(schema), parts.all]).toEqual([schema, {}]);
});
