import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type Coverage, guaranteedCases, measuredCases, studentCases } from "./coverage-cases.ts";

let guaranteed: readonly Coverage[];
let measured: readonly Coverage[];
const student = studentCases();

beforeAll(() => {
  guaranteed = guaranteedCases();
  measured = measuredCases();
});

test("a nominal 95 % interval of games' returns, differences and rates covers the truth in at least 94 %", () => {
  for (const row of guaranteed)
    expect(row.coverage, `${row.name}, n = ${row.n}`).toBeGreaterThanOrEqual(0.94);
});

test("Student's t covers it in 31 % of samples of ten games, which is why it is not used there", () => {
  expect(student.map(({ coverage }) => Number(coverage.toFixed(2)))).toEqual([0.31, 0.52, 0.84, 0.93]);
});

test("where returns are many values the coverage is near the nominal one, and lowest for few skewed values", () => {
  for (const row of measured) {
    const least = row.name === "exponential" && row.n < 20 ? 0.88 : 0.92;
    expect(row.coverage, `${row.name}, n = ${row.n}`).toBeGreaterThanOrEqual(least);
  }
});

test("the documentation's table is what this test measures", () => {
  const page = readFileSync(new URL("../../../docs/concepts/statistics.md", import.meta.url), "utf8");
  for (const { name, n, method, coverage } of [...guaranteed, ...student, ...measured])
    expect(page).toContain(`| ${name} | ${n} | ${method} | ${coverage.toFixed(3)} |`);
});
