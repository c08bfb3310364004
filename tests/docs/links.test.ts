/* Every relative link and every anchor of every page leads somewhere. */
import { describe, expect, it } from "vitest";

import { brokenLinks, cutTables, pages, read } from "./pages.ts";

describe("a link", () => {
  it.for(pages())("of %s leads somewhere", (page) => {
    expect(brokenLinks(page, read(page))).toEqual([]);
  });

  it.each([
    "[a page](nowhere.md)",
    "[a heading](reference/limits.md#nothing)",
    "[a heading of this page](#nothing)",
    "[outside](../../elsewhere.md)",
    "![a picture](pictures/nothing.svg)",
    "```sh\n# Usage\n```\n[what is no heading](#usage)",
  ])("that is broken would be noticed: %s", (text) => {
    expect(brokenLinks("docs/guarantees.md", text)).toHaveLength(1);
  });

  it("may name a page, a heading, or the second heading of a name", () => {
    const text = "# Use it\n# Use it\n[1](#use-it) [2](#use-it-1) [3](reference/limits.md#outcomes) [4](.)";
    expect(brokenLinks("docs/guarantees.md", text)).toEqual([]);
  });
});

describe("a table", () => {
  it.for(pages())("of %s is whole", (page) => {
    expect(cutTables(read(page))).toEqual([]);
  });

  it("that a blank line cuts would be noticed", () => {
    expect(cutTables("| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |\n| 5 | 6 |\n")).toEqual(["| 3 | 4 |"]);
  });
});

it("has the pages that readers begin with", () => {
  expect(pages()).toEqual(expect.arrayContaining(["README.md", "docs/glossary.md", "docs/guide/audit.md"]));
});
