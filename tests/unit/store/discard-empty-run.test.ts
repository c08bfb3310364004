import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";

import { discardEmptyRun } from "../../../src/store/discard-empty-run.ts";

const root = mkdtempSync(join(tmpdir(), "sameseed-discard-"));
const folder = join(root, "run");

beforeEach(() => {
  mkdirSync(join(folder, "segments"), { recursive: true });
  writeFileSync(join(folder, "segments", "000001.seg"), "");
  for (const name of ["run.json", "catalogue.sqlite", "lock"]) writeFileSync(join(folder, name), "");
});

afterAll(() => rmSync(root, { recursive: true }));

it("takes the folder away", () => {
  discardEmptyRun(folder, false);
  expect(existsSync(folder)).toBe(false);
});

it("leaves a folder that was there before, empty", () => {
  discardEmptyRun(folder, true);
  expect(readdirSync(folder)).toEqual([]);
});

it("leaves what is not part of a run", () => {
  writeFileSync(join(folder, "notes.txt"), "mine");
  discardEmptyRun(folder, false);
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
});
