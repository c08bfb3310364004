/*
 * Values as Python source. What comes out is data and nothing else, whatever the value: a text can never end its
 * literal, because every character outside printable ASCII, every quote and every backslash is written as an escape.
 */
import { SameseedError } from "../base/error.ts";
import { maxJsonDepth } from "../model/run-manifest.ts";

/** Above this many bits an integer is written in hexadecimal: CPython refuses more than 4,300 decimal digits. */
const maxDecimalBits = 8192n;
const maxDecimal = 1n << maxDecimalBits;

// Inside double quotes: everything but printable ASCII without the quote and the backslash.
const escaped = /[^ !#-[\]-~]/gu;

/**
 * Writes a value as a Python expression of literals that evaluates to it.
 *
 * `null`, booleans, texts, lists and plain objects become `None`, `bool`, `str`, `list` and `dict`, in their order. A
 * `bigint`, and a number that is whole and within ±(2^53 - 1), becomes an `int`; every other number a `float` of the same
 * bits, -0 as `-0.0`; NaN and the infinities are calls of `float`. The result is one line of ASCII.
 *
 * @throws {@link SameseedError} `bad_argument`, with the path, for anything else (undefined, functions, symbols, class
 * instances, holes in lists) and for values nested more than 128 deep
 */
export function pythonLiteral(value: unknown): string {
  const parts: string[] = [];
  write(value, parts, []);
  return parts.join("");
}

function write(value: unknown, parts: string[], path: readonly (string | number)[]): void {
  switch (typeof value) {
    case "boolean":
      parts.push(value ? "True" : "False");
      return;
    case "number":
      parts.push(numberLiteral(value));
      return;
    case "bigint":
      parts.push(integerLiteral(value));
      return;
    case "string":
      parts.push(textLiteral(value));
      return;
    case "object":
      if (value === null) parts.push("None");
      else if (path.length >= maxJsonDepth) refuse(`is nested more than ${maxJsonDepth} deep`, path);
      else if (Array.isArray(value)) writeList(value, parts, path);
      else writeDict(value, parts, path);
      return;
    case "undefined":
    case "function":
    case "symbol":
      refuse(`is of type ${typeof value}`, path);
  }
}

function writeList(list: readonly unknown[], parts: string[], path: readonly (string | number)[]): void {
  parts.push("[");
  // Not `forEach`: it would pass over holes.
  for (let at = 0; at < list.length; at++) {
    if (at > 0) parts.push(", ");
    write(list[at], parts, [...path, at]);
  }
  parts.push("]");
}

function writeDict(value: object, parts: string[], path: readonly (string | number)[]): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) refuse("is an object of a class", path);
  if (Object.getOwnPropertySymbols(value).length > 0) refuse("has a symbol as a key", path);
  parts.push("{");
  let first = true;
  for (const [key, inner] of Object.entries(value)) {
    parts.push(first ? "" : ", ", textLiteral(key), ": ");
    first = false;
    write(inner, parts, [...path, key]);
  }
  parts.push("}");
}

function numberLiteral(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (Number.isNaN(value)) return `float("nan")`;
  if (!Number.isFinite(value)) return value > 0 ? `float("inf")` : `float("-inf")`;
  if (value === 0) return "-0.0";
  // The shortest digits that read back to the same number, as Python's own; without a point or exponent they
  // would be an int.
  const digits = String(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

function integerLiteral(value: bigint): string {
  if (value < maxDecimal && value > -maxDecimal) return value.toString();
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function textLiteral(text: string): string {
  return `"${text.replace(escaped, escape)}"`;
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x1_0000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

function refuse(problem: string, path: readonly (string | number)[]): never {
  const place = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `[${JSON.stringify(part)}]`))
    .join("");
  throw new SameseedError("bad_argument", `the value${place === "" ? "" : ` at ${place}`} ${problem}`, {
    context: { path: place },
    hint: "give JSON values: null, booleans, numbers, texts, lists and plain objects",
  });
}
