/* The reference pages say what the code says, completely, and no link leads nowhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

import { errorCodes } from "../../src/base/error-codes.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import { outcomes } from "../../src/model/outcome.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

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

describe("a link", () => {
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path))
    .concat(readdirSync(root).filter((path) => path.endsWith(".md")));

  it.for(pages)("of %s leads somewhere", (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const broken = targets.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(page, target));
    expect(broken).toEqual([]);
  });

  it("to a page that does not exist would be noticed", () => {
    expect(leadsSomewhere("docs/guarantees.md", "nowhere.md")).toBe(false);
    expect(leadsSomewhere("docs/guarantees.md", "reference/limits.md#nothing")).toBe(false);
  });
});

it("every promise of the guarantees names a test", () => {
  const promises = read("docs/guarantees.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| promise"));
  expect(promises.length).toBeGreaterThanOrEqual(15);
  for (const promise of promises) expect(promise).toMatch(/\]\(\.\.\/tests\/[\w/-]+\.test\.ts\)/);
});

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : relative(root, join(root, dirname(page), path));
  if (!existsSync(join(root, file))) return false;
  if (anchor === undefined) return true;
  const headings = read(file)
    .split("\n")
    .filter((line) => line.startsWith("#"));
  return headings.some((line) => slug(line) === anchor);
}

/** The anchor that a heading gets. */
function slug(heading: string): string {
  const text = heading.replace(/^#+ /, "").toLowerCase();
  return text
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s/g, "-");
}
