import { spawnSync } from "node:child_process";
import fc, { type Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import { pythonLiteral } from "../../../src/harness/python-literal.ts";

/*
 * CPython is the judge. Each literal stands alone on a line; for each, Python prints a description of the value that
 * tells int from float, gives floats by their bits and texts by their code points.
 */
const judge = `
import json, struct, sys
def describe(value):
    kind = type(value).__name__
    if value is None or kind == "bool": return [kind, str(value)]
    if kind == "int": return [kind, hex(value)]
    if kind == "float": return [kind, "nan" if value != value else struct.pack(">d", value).hex()]
    if kind == "str": return [kind, [ord(c) for c in value]]
    if kind == "list": return [kind, [describe(item) for item in value]]
    return [kind, [[describe(k), describe(v)] for k, v in value.items()]]
for line in sys.stdin:
    print(json.dumps(describe(eval(line, {"__builtins__": {"float": float}}))))
`;

function inPython(literals: readonly string[]): unknown[] {
  const input = `${literals.join("\n")}\n`;
  const { stdout, stderr, status } = spawnSync("python3", ["-c", judge], { input, maxBuffer: 2 ** 28 });
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
  return stdout
    .toString()
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

function hex(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function describe(value: unknown): unknown {
  if (value === null) return ["NoneType", "None"];
  if (typeof value === "boolean") return ["bool", value ? "True" : "False"];
  if (typeof value === "bigint") return ["int", hex(value)];
  if (typeof value === "string") return ["str", Array.from(value, (character) => character.codePointAt(0))];
  if (typeof value === "number") return describeNumber(value);
  if (Array.isArray(value)) return ["list", value.map(describe)];
  return ["dict", Object.entries(Object(value)).map(([key, inner]) => [describe(key), describe(inner)])];
}

function describeNumber(value: number): unknown {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return ["int", hex(BigInt(value))];
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  return ["float", Number.isNaN(value) ? "nan" : bits.toString("hex")];
}

const anyText: Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '"',
    "'",
    '"""',
    "\\",
    '\\"',
    "\n",
    "\r\n",
    "\0",
    "\u2028",
    "\ud800",
    "\udc00x",
    "#",
    "{",
    "\\N{DIGIT ONE}",
  ),
);

const anyValue: Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom(
      null,
      true,
      false,
      -0,
      0,
      NaN,
      Infinity,
      -Infinity,
      2 ** 53,
      -(2 ** 53),
      1e21,
      1e300,
      5e-324,
    ),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt(),
    anyText,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(anyText, tie("value"), { maxKeys: 4, noNullPrototype: false }),
  ),
})).value;

test("CPython reads every literal back to the same value", () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 300, maxLength: 300 }), (values) => {
      expect(inPython(values.map(pythonLiteral))).toEqual(values.map(describe));
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test("every character alone reads back, and the source is one line of printable ASCII", () => {
  const texts = Array.from({ length: 0x300 }, (_, code) => `a${String.fromCharCode(code)}b`);
  const literals = [...texts, "\u2028\u2029\ufeff", "\u{10ffff}", "\ud83d", "\ude00\ud83d"].map(
    pythonLiteral,
  );
  for (const literal of literals) expect(literal).toMatch(/^[ -~]*$/);
  const described = [...texts, "\u2028\u2029\ufeff", "\u{10ffff}", "\ud83d", "\ude00\ud83d"].map(describe);
  expect(inPython(literals)).toEqual(described);
});

test("keys that JavaScript treats specially stay keys", () => {
  const value: unknown = JSON.parse('{"__proto__": {"constructor": 1}, "2": 0, "1": 0}');
  expect(pythonLiteral(value)).toBe('{"1": 0, "2": 0, "__proto__": {"constructor": 1}}');
});

test("the deepest nesting and the longest integers are within CPython's own limits", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 128; level++) deep = level % 2 === 0 ? [deep] : { a: deep };
  const values = [deep, 10n ** 4000n, -(2n ** 100_000n), 1n - 2n ** 8192n];
  expect(inPython(values.map(pythonLiteral))).toEqual(values.map(describe));
  expect(() => pythonLiteral([deep])).toThrow(expect.objectContaining({ code: "bad_argument" }));
});

const cyclic: unknown[] = [];
cyclic.push(cyclic);

test.each<[string, unknown, string]>([
  ["undefined", undefined, ""],
  ["undefined in a list", [1, [undefined]], "[1][0]"],
  ["a hole", Array(1), "[0]"],
  ["undefined under a key", { 'a"': { b: undefined } }, '["a\\""]["b"]'],
  ["a function", { a: (): number => 1 }, '["a"]'],
  ["a symbol", [Symbol("a")], "[0]"],
  ["a key that is a symbol", { [Symbol("a")]: 1 }, ""],
  ["a date", [new Date(0)], "[0]"],
  ["a map", new Map(), ""],
  ["bytes", new Uint8Array(1), ""],
  ["a value that contains itself", cyclic, "[0]".repeat(128)],
])("refuses %s and names the place", (_, value, path) => {
  expect(() => pythonLiteral(value)).toThrow(
    expect.objectContaining({ code: "bad_argument", context: { path } }),
  );
});
