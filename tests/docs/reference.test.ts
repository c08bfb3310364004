/* The reference pages say what the code says, completely. */
import { homedir } from "node:os";
import { describe, expect, it } from "vitest";

import { homeFolder } from "../../src/base/home.ts";
import { errorCodes } from "../../src/base/error-codes.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import { outcomes } from "../../src/model/outcome.ts";
import { read } from "./pages.ts";

/** The cells of every table row of a page whose first cell is code. */
function rows(page: string): string[][] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.slice(2, -2).split(" | "))
    .map(([first = "", ...rest]) => [first.replaceAll("`", ""), ...rest]);
}

describe("the reference", () => {
  it("has a row for every error code, with its exit status, HTTP status and whether to try again", () => {
    const written = rows(read("docs/reference/errors.md")).map(([code, , exit, http, retry]) => [
      code,
      Number(exit),
      Number(http),
      retry === "yes",
    ]);
    const defined = Object.entries(errorCodes).map(([code, { exitCode, httpStatus, retryable }]) => [
      code,
      exitCode,
      httpStatus,
      retryable,
    ]);
    expect(written).toEqual(defined);
    for (const row of rows(read("docs/reference/errors.md")))
      expect(row.every((cell) => cell !== "")).toBe(true);
  });

  it("has every limit with its default, and every outcome", () => {
    const first = new Map(
      rows(read("docs/reference/limits.md")).map(([name = "", value = ""]) => [name, value]),
    );
    const limits = Object.keys(defaultLimits).map((name) => [name, Number(first.get(name))]);
    expect(Object.fromEntries(limits)).toEqual(defaultLimits);
    expect([...first.keys()].filter((name) => !(name in defaultLimits))).toEqual(outcomes);
  });
});

it("every promise of the guarantees names a test", () => {
  const promises = read("docs/guarantees.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| promise"));
  expect(promises.length).toBeGreaterThanOrEqual(15);
  for (const promise of promises) expect(promise).toMatch(/\]\(\.\.\/tests\/[\w/-]+\.test\.ts\)/);
});

it("the page on installing names the folder in which images lie", () => {
  expect(read("docs/guide/install.md")).toContain(`\`${homeFolder({}).replace(homedir(), "~")}\``);
});
