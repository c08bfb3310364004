/*
 * Runs the Python package's own tests with the image's interpreter and packages: what runs in a sandbox is what is
 * tested.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { runPythonTests } from "./image-python.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "python", "tests");
const testFiles = readdirSync(folder).filter((name) => /^test_\w+\.py$/.test(name));

it("there are tests", () => {
  expect(testFiles.length).toBeGreaterThanOrEqual(5);
});

it.for(testFiles)("%s", async (file) => {
  const { status, signal, report } = await runPythonTests(file, 110_000);
  expect(status, `${file} ended with ${signal ?? status}\n${report.slice(-8000)}`).toBe(0);
  // A file that defines no test would pass as well.
  expect(Number(/^Ran (\d+) tests?/m.exec(report)?.[1] ?? 0), report.slice(-2000)).toBeGreaterThan(0);
});
