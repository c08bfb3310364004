import type { TextComparison } from "../../model/score.ts";

type Tolerances = Exclude<TextComparison, string>;

const float = /^[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?$/;
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Whether a program's output is the expected one. */
export function equalText(expected: string, actual: string, how: TextComparison): boolean {
  if (how === "exact") return expected === actual;
  if (how === "lines") return lines(expected) === lines(actual);
  if (how === "numbers") return equalNumbers(expected, actual);
  const wanted = tokens(expected);
  const found = tokens(actual);
  if (wanted.length !== found.length) return false;
  return wanted.every((token, at) => equalToken(token, found[at]!, how));
}

/**
 * A token that is expected as a float is compared by value where there is a tolerance, an integer with a float of exactly its value;
 * any other by its characters.
 */
function equalToken(wanted: string, found: string, how: Tolerances | "tokens"): boolean {
  if (wanted === found) return true;
  if (how === "tokens" || !number.test(wanted) || !number.test(found)) return false;
  if (!float.test(wanted)) return float.test(found) && isSameNumber(wanted, found);
  const expected = Number(wanted);
  const difference = Math.abs(expected - Number(found));
  // Beyond what a double holds every number would be near.
  if (!Number.isFinite(expected)) return false;
  return difference <= Math.max(how.absTol, how.relTol * Math.abs(expected));
}

/** As LiveCodeBench's own grader compares. */
function equalNumbers(expected: string, actual: string): boolean {
  const wanted = trimmedLines(expected);
  const found = trimmedLines(actual);
  if (wanted.length !== found.length) return false;
  return wanted.every((line, at) => line === found[at] || isSameRow(line, found[at]!));
}

function isSameRow(wanted: string, found: string): boolean {
  const [numbers, others] = [tokens(wanted), tokens(found)];
  return numbers.length === others.length && numbers.every((each, at) => isSameNumber(each, others[at]!));
}

function isSameNumber(wanted: string, found: string): boolean {
  const value = exactValue(wanted);
  return value !== undefined && value === exactValue(found);
}

/** One text for each number: a double would take two long ones for equal. Undefined for what is no number. */
function exactValue(token: string): string | undefined {
  // Asked first: on a number the pattern of its parts never has to begin anew.
  const match = number.test(token) ? /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(token) : null;
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", power = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutZeros(digits);
  if (significant === "") return "0";
  const exponent = Number(power) - fraction.length + (digits.length - significant.length);
  return Number.isSafeInteger(exponent) ? `${sign === "-" ? "-" : ""}${significant}e${exponent}` : undefined;
}

/** By hand: a pattern that looks for the last zeros begins anew at each zero. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

function trimmedLines(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim());
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
