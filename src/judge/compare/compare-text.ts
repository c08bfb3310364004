import type { TextComparison } from "../../model/score.ts";

const float = /^[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?$/;
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Whether a program's output is the expected one. */
export function equalText(expected: string, actual: string, how: TextComparison): boolean {
  if (how === "exact") return expected === actual;
  if (how === "lines") return lines(expected) === lines(actual);
  const wanted = tokens(expected);
  const found = tokens(actual);
  if (wanted.length !== found.length) return false;
  return wanted.every((token, at) => equalToken(token, found[at]!, how));
}

/** A token that is written as a float is compared by value where there is a tolerance; any other by its characters. */
function equalToken(wanted: string, found: string, how: Exclude<TextComparison, "exact" | "lines">): boolean {
  if (wanted === found) return true;
  if (how === "tokens" || !float.test(wanted) || !number.test(found)) return false;
  const expected = Number(wanted);
  const difference = Math.abs(expected - Number(found));
  // Beyond what a double holds every number would be near.
  if (!Number.isFinite(expected)) return false;
  return difference <= Math.max(how.absTol, how.relTol * Math.abs(expected));
}

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trimEnd();
}

function tokens(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === "" ? [] : trimmed.split(/\s+/);
}
