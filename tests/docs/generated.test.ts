/* What is made from the code says what the code says; every type a user can reach has a name; what may change is marked. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Declarations } from "../../scripts/public-api.ts";
import { httpReference } from "../../scripts/http-reference.ts";
import {
  apiReference,
  cliReference,
  doors,
  experimentalCommands,
  leaves,
  sectionsOf,
} from "../../scripts/reference.ts";
import { makeProgram } from "../../src/cli/program.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const folder = mkdtempSync(join(tmpdir(), "sameseed-declarations-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = ["-p", join(root, "tsconfig.build.json"), "--emitDeclarationOnly", "--outDir", folder];
  const built = spawnSync(process.execPath, [tsc, ...args], { encoding: "utf8" });
  expect(built.status, built.stdout).toBe(0);
});

describe("the reference", () => {
  it("of the API is what the declarations say: run `npm run reference`", () => {
    expect(read("docs/reference/api.md")).toBe(apiReference(folder));
  });

  it("of the command line is what the program says: run `npm run reference`", async () => {
    expect(read("docs/reference/cli.md")).toBe(await cliReference());
    expect(read("docs/reference/http.md")).toBe(httpReference());
  });

  it("says the same on every machine", async () => {
    // How many processors this one has is no part of it.
    expect(await cliReference()).not.toMatch(/default: \d+, twice/);
  });
});

describe("the public API", () => {
  it("exports every type that can be reached from what it exports", () => {
    expect(new Declarations(folder).unnamed(doors.map(({ declared }) => declared))).toEqual([]);
  });

  it("would be found out if it did not", () => {
    // From the door of the tests alone, the types of limits and receipts cannot be named.
    const missing = new Declarations(folder).unnamed(["testing/index.d.ts"]).map(({ type }) => type);
    expect(missing).toEqual(expect.arrayContaining(["Limits", "Wall"]));
  });

  it.each(doors)("of $path has each name in one section", ({ declared, source }) => {
    const names = new Declarations(folder).namesOf(declared).map(({ exportedAs }) => exportedAs);
    expect(
      sectionsOf(source)
        .flatMap((section) => section.names)
        .sort(),
    ).toEqual([...names].sort());
  });

  it.each(doors)("of $path marks what may change, and nothing else", ({ declared, source }) => {
    const sections = sectionsOf(source);
    for (const { exportedAs, isType, kind, comment } of new Declarations(folder).namesOf(declared)) {
      const section = sections.find(({ names }) => names.includes(exportedAs))!;
      const isValue = !isType && kind !== "interface" && kind !== "type";
      const isMarked = comment.includes("@experimental");
      if (isValue || isMarked) expect([exportedAs, isMarked]).toEqual([exportedAs, section.isExperimental]);
      expect(comment, `${exportedAs} has no comment`).not.toBe("");
    }
  });

  it("marks commands that there are", async () => {
    const commands = leaves(await makeProgram(() => {})).map(([name]) => name);
    expect(experimentalCommands.filter((name) => !commands.includes(name))).toEqual([]);
  });
});

describe("the changelog", () => {
  const lines = read("CHANGELOG.md").split("\n");

  it("has the form of Keep a Changelog", () => {
    const versions = lines.filter((line) => line.startsWith("## "));
    expect(versions[0]).toBe("## [Unreleased]");
    for (const version of versions.slice(1))
      expect(version).toMatch(/^## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
    const kinds = /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/;
    for (const line of lines.filter((each) => each.startsWith("### "))) expect(line).toMatch(kinds);
  });
});
