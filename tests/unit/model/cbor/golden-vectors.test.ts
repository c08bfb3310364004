import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { decodeCbor } from "../../../../src/model/cbor/decode.ts";
import { encodeCbor } from "./encode-cbor.ts";

/*
 * Written by the Python encoder. The decoder must take each, and what it makes of it must encode back to the same bytes
 * by this project's second implementation.
 */
const file = new URL("../../../golden/canonical-vectors.json", import.meta.url);
const vectors = z
  .array(z.object({ name: z.string(), hex: z.string(), note: z.string() }))
  .min(100)
  .parse(JSON.parse(readFileSync(file, "utf8")));

test.each(vectors)("$name", ({ name, hex }) => {
  const value = decodeCbor(Buffer.from(hex, "hex"), "run_damaged", { opaque: true });
  expect(encodeCbor(value).toString("hex")).toBe(hex);
  if (/^int -?\d+$/.test(name)) expect(value).toEqual({ type: "int", value: BigInt(name.slice(4)) });
});
